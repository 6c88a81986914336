"""What makes a classifier go by shape: the measures of docs/lab.md."""
