// coder/websocket as the other end, with permessage-deflate and context takeover.
//
//	go-peer server             echoes on a free port of 127.0.0.1, which it prints as "listening PORT"
//	go-peer client URL COUNT   has COUNT random messages echoed and prints "echoed COUNT"
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math"
	"math/rand"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/coder/websocket"
)

const mode = websocket.CompressionContextTakeover

func main() {
	log.SetFlags(0)
	if os.Args[1] == "server" {
		serve()
		return
	}
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	client(os.Args[2], count)
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, http.HandlerFunc(echo)))
}

func echo(w http.ResponseWriter, r *http.Request) {
	connection, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: mode, CompressionThreshold: 1})
	if err != nil {
		return
	}
	connection.SetReadLimit(-1)
	for {
		kind, message, err := connection.Read(r.Context())
		if err != nil {
			return
		}
		if err := connection.Write(r.Context(), kind, message); err != nil {
			return
		}
	}
}

func randomMessage(source *rand.Rand) (websocket.MessageType, []byte) {
	size := int(math.Pow(2, source.Float64()*17)) - 1
	if source.Intn(2) == 0 {
		message := make([]byte, size)
		source.Read(message)
		return websocket.MessageBinary, message
	}
	letters := []rune("aaaa bcdeé€文😀\n")
	var text strings.Builder
	for i := 0; i < size; i++ {
		text.WriteRune(letters[source.Intn(len(letters))])
	}
	return websocket.MessageText, []byte(text.String())
}

func client(url string, count int) {
	ctx := context.Background()
	options := &websocket.DialOptions{CompressionMode: mode, CompressionThreshold: 1}
	connection, response, err := websocket.Dial(ctx, url, options)
	if err != nil {
		log.Fatal(err)
	}
	extensions := response.Header.Get("Sec-WebSocket-Extensions")
	if !strings.HasPrefix(extensions, "permessage-deflate") {
		log.Fatalf("extensions %q, permessage-deflate required", extensions)
	}
	connection.SetReadLimit(-1)
	kinds := make([]websocket.MessageType, count)
	messages := make([][]byte, count)
	source := rand.New(rand.NewSource(20))
	for i := range messages {
		kinds[i], messages[i] = randomMessage(source)
	}
	go func() {
		for i := range messages {
			if err := connection.Write(ctx, kinds[i], messages[i]); err != nil {
				log.Fatal(err)
			}
		}
	}()
	for i := range messages {
		kind, message, err := connection.Read(ctx)
		if err != nil {
			log.Fatal(err)
		}
		if kind != kinds[i] || !bytes.Equal(message, messages[i]) {
			log.Fatalf("echo %d differs from what was sent", i)
		}
	}
	if err := connection.Close(websocket.StatusNormalClosure, ""); err != nil {
		log.Fatal(err)
	}
	fmt.Println("echoed", count)
}
