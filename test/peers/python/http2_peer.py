"""Python's HTTP/2 as the other end (RFC 8441): hypercorn as a server, h2 with wsproto as a client, with permessage-deflate.

http2_peer.py server             echoes over HTTP/2 on a free port of 127.0.0.1, which it prints as "listening PORT"
http2_peer.py client URL COUNT   has COUNT random messages echoed and prints "echoed COUNT"
"""

import asyncio
import random
import socket
import sys
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
from h2.settings import SettingCodes
from hypercorn.asyncio import serve
from hypercorn.config import Config
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, Message, TextMessage
from wsproto.extensions import PerMessageDeflate


async def echo(scope, receive, send):
    if scope["type"] != "websocket":
        return
    if scope["http_version"] != "2":
        raise SystemExit(f"HTTP/{scope['http_version']}, 2 required")
    while True:
        event = await receive()
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif event["type"] == "websocket.receive":
            kind = "text" if event.get("text") is not None else "bytes"
            await send({"type": "websocket.send", kind: event[kind]})
        else:
            return


async def server():
    listening = socket.create_server(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{listening.fileno()}"]
    print("listening", listening.getsockname()[1], flush=True)
    await serve(echo, config)


def random_message(source):
    size = int(2 ** source.uniform(0, 17)) - 1
    if source.random() < 0.5:
        return source.randbytes(size)
    return "".join(source.choices("aaaa bcdeé€文😀\n", k=size))


class Stream:
    """One WebSocket as the only stream of a session."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.tcp = socket.create_connection((parts.hostname, parts.port))
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.http.initiate_connection()
        self.waiting = b""
        self.received = []
        self.has_ended = False
        self.flush()
        while not self.http.remote_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL):
            self.pump()
        deflate = PerMessageDeflate()
        self.id = self.http.get_next_available_stream_id()
        headers = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "http"),
            (":path", parts.path or "/"),
            (":authority", parts.netloc),
            ("sec-websocket-version", "13"),
            ("sec-websocket-extensions", f"permessage-deflate; {deflate.offer()}"),
        ]
        self.answer = None
        self.http.send_headers(self.id, headers)
        self.flush()
        while self.answer is None:
            self.pump()
        if self.answer[":status"] != "200":
            raise SystemExit(f"status {self.answer[':status']}, 200 required")
        deflate.finalize(self.answer["sec-websocket-extensions"])
        self.frames = Connection(ConnectionType.CLIENT, [deflate])

    def flush(self):
        """Send what the windows allow."""
        while self.waiting:
            room = min(self.http.local_flow_control_window(self.id), self.http.max_outbound_frame_size)
            if room == 0:
                break
            self.http.send_data(self.id, self.waiting[:room])
            self.waiting = self.waiting[room:]
        self.tcp.sendall(self.http.data_to_send())

    def pump(self):
        """Wait for something, and take it in."""
        chunk = self.tcp.recv(65536)
        if not chunk:
            raise SystemExit("the session ended")
        for event in self.http.receive_data(chunk):
            if isinstance(event, h2.events.ResponseReceived):
                self.answer = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.frames.receive_data(event.data)
                self.received.extend(self.frames.events())
            elif isinstance(event, h2.events.StreamEnded):
                self.has_ended = True
            elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)) and not self.has_ended:
                raise SystemExit(f"{event}, the end of the stream required")
        self.flush()

    def send(self, event):
        self.waiting += self.frames.send(event)
        self.flush()

    def message(self):
        """The next message, whole, or the event that ended it."""
        parts = []
        while True:
            while not self.received:
                self.pump()
            event = self.received.pop(0)
            if not isinstance(event, (TextMessage, BytesMessage)):
                return event
            parts.append(event.data)
            if event.message_finished:
                return parts[0][:0].join(parts)


def client(url, count):
    source = random.Random(20)
    stream = Stream(url)
    for number in range(count):
        message = random_message(source)
        stream.send(Message(data=message))
        if stream.message() != message:
            raise SystemExit(f"echo {number} differs from what was sent")
    stream.send(CloseConnection(code=1000))
    close = stream.message()
    if not isinstance(close, CloseConnection) or close.code != 1000:
        raise SystemExit(f"{close}, a Close frame with 1000 required")
    while not stream.has_ended:
        stream.pump()
    print("echoed", count, flush=True)


if sys.argv[1] == "server":
    asyncio.run(server())
else:
    client(sys.argv[2], int(sys.argv[3]))
