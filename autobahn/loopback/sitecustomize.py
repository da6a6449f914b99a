# Python runs this file before wstest (the runner puts its folder on PYTHONPATH). The suite's fuzzing server binds to
# every interface and has no setting for that; here "every interface" becomes the loopback interface.
import socket

_bind = socket.socket.bind


def _bind_to_loopback(self, address):
    if isinstance(address, tuple) and address[0] in ("", "0.0.0.0"):
        address = ("127.0.0.1",) + tuple(address[1:])
    return _bind(self, address)


socket.socket.bind = _bind_to_loopback
