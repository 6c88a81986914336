"""The command line. The module of a command has HELP, DESCRIPTION, add_arguments and run."""
