# Inputs whose dates count for nothing, since parameters say what they contain.


def flagged(inputs):
    """Inputs whose dates count for nothing, if so."""
    return inputs.files if inputs.dates_count else list(map(ancient, inputs.files))


def weights_of(observer):
    """Weights that this run makes, as inputs. A change of their content is a change of a parameter."""
    return ancient(STUDY.made_weights(observer))
