"""Where weights come from: folders, the Hugging Face hub, addresses, installed packages."""
