"""dill with its default settings: globals of the main script go by reference."""

import dill

NAME = "dill"
VERSION = dill.__version__

dumps = dill.dumps
loads = dill.loads
dumps_apart = register = unregister = None
