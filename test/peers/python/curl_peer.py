"""libcurl's WebSocket client as the other end: curl with ws://. It knows no extension.

curl_peer.py client URL COUNT   has COUNT random messages echoed and prints "echoed COUNT"
"""

import random
import sys

from curl_cffi import Curl, CurlECode, CurlError, CurlInfo, CurlOpt, CurlWsFlag


def receive(curl):
    """One whole message: libcurl hands over what it has, and says whether more of the frame or message follows."""
    import select

    parts = []
    while True:
        try:
            part, meta = curl.ws_recv()
        except CurlError as error:
            if error.code != CurlECode.AGAIN:
                raise
            select.select([curl.getinfo(CurlInfo.ACTIVESOCKET)], [], [], 10)
            continue
        parts.append(part)
        if meta.bytesleft == 0 and not meta.flags & CurlWsFlag.CONT:
            return b"".join(parts), meta.flags


def client(url, count):
    source = random.Random(20)
    curl = Curl()
    curl.setopt(CurlOpt.URL, url.encode())
    curl.setopt(CurlOpt.CONNECT_ONLY, 2)
    curl.perform()
    for number in range(count):
        is_text = source.random() < 0.5
        size = int(2 ** source.uniform(0, 15)) - 1
        message = b"x" * size if is_text else source.randbytes(size)
        flag = CurlWsFlag.TEXT if is_text else CurlWsFlag.BINARY
        curl.ws_send(message, flag)
        echo, flags = receive(curl)
        if echo != message or not flags & flag:
            raise SystemExit(f"echo {number} differs from what was sent")
    curl.ws_close()
    curl.close()
    print("echoed", count, flush=True)


client(sys.argv[2], int(sys.argv[3]))
