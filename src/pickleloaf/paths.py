from pickleloaf.errors import EncodeError
def explain(error, obj, pickler):
    return error
