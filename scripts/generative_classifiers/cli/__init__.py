"""Commands of `python -m generative_classifiers`: each a module of HELP, add_arguments and run."""
