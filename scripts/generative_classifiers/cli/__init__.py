"""The command line. Each command is a module with HELP, add_arguments and run; other modules do the work."""
