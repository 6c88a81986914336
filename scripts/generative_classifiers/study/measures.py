"""The four measures of the benchmark, in the order in which tables and figures show them."""

BENCHMARK = ("ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency")
