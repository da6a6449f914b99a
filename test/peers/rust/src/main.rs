//! tungstenite as the other end. It knows no extension.
//!
//! `rust-peer server` echoes on a free port of 127.0.0.1, which it prints as "listening PORT";
//! `rust-peer client URL COUNT` has COUNT random messages echoed and prints "echoed COUNT".

use std::{
    env,
    net::{TcpListener, TcpStream},
    thread,
};
use tungstenite::{client, Message};

fn main() {
    let arguments: Vec<String> = env::args().collect();
    match arguments[1].as_str() {
        "server" => serve(),
        _ => run(&arguments[2], arguments[3].parse().expect("COUNT is a number")),
    }
}

fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("listening {}", listener.local_addr().expect("an address").port());
    for stream in listener.incoming().flatten() {
        thread::spawn(move || echo(stream));
    }
}

fn echo(stream: TcpStream) {
    let Ok(mut socket) = tungstenite::accept(stream) else { return };
    while let Ok(message) = socket.read() {
        if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
            return;
        }
    }
}

/// The same numbers on every run (xorshift64).
struct Source(u64);

impl Source {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    fn message(&mut self) -> Message {
        let bits = self.next() % 17;
        let size = (self.next() % (1 << bits)) as usize;
        if self.next() % 2 == 0 {
            let bytes: Vec<u8> = (0..size).map(|_| self.next() as u8).collect();
            return Message::binary(bytes);
        }
        let letters: Vec<char> = "aaaa bcdeé€文😀\n".chars().collect();
        let text: String = (0..size).map(|_| letters[self.next() as usize % letters.len()]).collect();
        Message::text(text)
    }
}

fn run(url: &str, count: usize) {
    let host = url.trim_start_matches("ws://").split('/').next().expect("a host");
    let stream = TcpStream::connect(host).expect("a connection");
    let (mut socket, _) = client(url, stream).expect("a handshake");
    let mut source = Source(20);
    for number in 0..count {
        let message = source.message();
        socket.send(message.clone()).expect("to send");
        let echo = socket.read().expect("an echo");
        assert!(echo == message, "echo {number} differs from what was sent");
    }
    socket.close(None).expect("to close");
    while socket.read().is_ok() {}
    println!("echoed {count}");
}
