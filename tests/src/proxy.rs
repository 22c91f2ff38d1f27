//! A wire between the pool and the server, which can be watched and cut.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// A proxy on a port of its own, for as long as the value lives.
#[derive(Debug)]
pub struct Proxy {
    /// The port that it listens on, at 127.0.0.1.
    pub port: u16,
    wire: Arc<Wire>,
}

/// Where a message of the client's is cut off: the connection is closed once it contains `text`.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by tests")]
pub struct Cut {
    /// What the message contains.
    pub text: &'static str,
    /// Whether the server is still given it.
    pub forward: bool,
}

#[derive(Debug)]
struct Wire {
    /// Whether the last bytes were the server's.
    servers_turn: Mutex<bool>,
    round_trips: AtomicU64,
    cut: Mutex<Option<Cut>>,
    garbled: Mutex<Option<&'static str>>,
    /// The text of a message, and what it is replaced by.
    replaced: Mutex<Option<(&'static str, &'static str)>>,
    statements: Mutex<Vec<String>>,
    named_statements: AtomicU64,
    closed_statements: AtomicU64,
    /// Whether connections are let through; when it turns false, open ones are closed.
    open: watch::Sender<bool>,
}

impl Proxy {
    /// Listens, and connects each client to the server at `upstream`, a host and a port.
    pub async fn start(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let wire = Arc::new(Wire {
            servers_turn: Mutex::new(true),
            round_trips: AtomicU64::new(0),
            cut: Mutex::new(None),
            garbled: Mutex::new(None),
            replaced: Mutex::new(None),
            statements: Mutex::new(Vec::new()),
            named_statements: AtomicU64::new(0),
            closed_statements: AtomicU64::new(0),
            open: watch::Sender::new(true),
        });
        let shared = wire.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *shared.open.borrow() {
                    tokio::spawn(shared.clone().connect(client, upstream.clone()));
                }
            }
        });
        Self { port, wire }
    }

    /// Returns how often the client has sent something after the server's last word.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.wire.round_trips.load(Ordering::SeqCst)
    }

    /// Returns whether the last bytes were the server's: it owes no answer.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        *self.wire.servers_turn.lock().unwrap()
    }

    /// Returns the texts of the statements that the client has had parsed since this was last asked. A pool that keeps
    /// prepared statements has each text parsed once.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        std::mem::take(&mut self.wire.statements.lock().unwrap())
    }

    /// Returns how many statements the client has had prepared by name.
    #[must_use]
    pub fn named_statements(&self) -> u64 {
        self.wire.named_statements.load(Ordering::SeqCst)
    }

    /// Returns how many statements that were prepared by name the client has had closed.
    #[must_use]
    pub fn closed_statements(&self) -> u64 {
        self.wire.closed_statements.load(Ordering::SeqCst)
    }

    /// Closes every connection and takes no new one, until it is opened again.
    pub fn set_open(&self, open: bool) {
        self.wire.open.send_replace(open);
    }

    /// Closes the connection at the next message that contains a text; only the first time.
    pub fn cut_at(&self, cut: Cut) {
        *self.wire.cut.lock().unwrap() = Some(cut);
    }

    /// Replaces a text in the next message of the client's that has it by one that is no longer; the rest is blank.
    pub fn replace(&self, text: &'static str, with: &'static str) {
        assert!(with.len() <= text.len());
        *self.wire.replaced.lock().unwrap() = Some((text, with));
    }

    /// Makes nonsense of a text in the next message of the client's that contains it, so that the server refuses the message;
    /// only the first time.
    pub fn garble(&self, text: &'static str) {
        *self.wire.garbled.lock().unwrap() = Some(text);
    }
}

impl Wire {
    async fn connect(self: Arc<Self>, client: TcpStream, upstream: String) {
        let Ok(server) = TcpStream::connect(upstream).await else { return };
        client.set_nodelay(true).ok();
        server.set_nodelay(true).ok();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let mut open = self.open.subscribe();
        tokio::select! {
            () = self.copy(from_client, to_server, true) => {}
            () = self.copy(from_server, to_client, false) => {}
            _ = open.wait_for(|open| !open) => {}
        }
    }

    async fn copy(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, by_client: bool) {
        let mut bytes = vec![0; 64 * 1024];
        let mut messages = Messages::default();
        while let Ok(n @ 1..) = from.read(&mut bytes).await {
            if by_client {
                self.garble(&mut bytes[..n]);
                self.replace(&mut bytes[..n]);
            }
            if by_client {
                for Parse { named, text } in messages.parsed(&bytes[..n]) {
                    self.named_statements.fetch_add(named.into(), Ordering::SeqCst);
                    self.statements.lock().unwrap().push(text);
                }
                self.closed_statements.fetch_add(std::mem::take(&mut messages.closed), Ordering::SeqCst);
            }
            let cut = by_client.then(|| self.client_says(&bytes[..n])).flatten();
            if !by_client {
                *self.servers_turn.lock().unwrap() = true;
            }
            if cut.as_ref().is_none_or(|cut| cut.forward) && to.write_all(&bytes[..n]).await.is_err() {
                return;
            }
            if cut.is_some() {
                return;
            }
        }
    }

    fn replace(&self, bytes: &mut [u8]) {
        let mut replaced = self.replaced.lock().unwrap();
        let Some((text, with)) = *replaced else { return };
        if let Some(at) = bytes.windows(text.len()).position(|found| found == text.as_bytes()) {
            bytes[at..at + text.len()].fill(b' ');
            bytes[at..at + with.len()].copy_from_slice(with.as_bytes());
            *replaced = None;
        }
    }

    fn garble(&self, bytes: &mut [u8]) {
        let mut garbled = self.garbled.lock().unwrap();
        let Some(text) = *garbled else { return };
        if let Some(at) = bytes.windows(text.len()).position(|window| window == text.as_bytes()) {
            bytes[at..at + text.len()].fill(b'?');
            *garbled = None;
        }
    }

    fn client_says(&self, bytes: &[u8]) -> Option<Cut> {
        if std::mem::replace(&mut *self.servers_turn.lock().unwrap(), false) {
            self.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        let mut cut = self.cut.lock().unwrap();
        if cut.as_ref().is_some_and(|cut| bytes.windows(cut.text.len()).any(|text| text == cut.text.as_bytes())) {
            cut.take()
        } else {
            None
        }
    }
}

/// A `Parse` message.
struct Parse {
    /// Whether the statement is to be kept by a name.
    named: bool,
    text: String,
}

/// The client's messages, put together from what is read
/// ([the protocol](https://www.postgresql.org/docs/current/protocol-message-formats.html)).
#[derive(Default)]
struct Messages {
    unread: Vec<u8>,
    started: bool,
    /// How many `Close` messages of a statement with a name there were.
    closed: u64,
}

impl Messages {
    /// Takes more bytes, and returns the `Parse` messages that they complete.
    fn parsed(&mut self, bytes: &[u8]) -> Vec<Parse> {
        const SSL_REQUEST: &[u8] = &80_877_103_u32.to_be_bytes();

        self.unread.extend(bytes);
        let mut parsed = Vec::new();
        loop {
            // The first messages have no type.
            let tag = usize::from(self.started);
            let Some(length) = self.unread.get(tag..tag + 4) else { break };
            let end = tag + u32::from_be_bytes(length.try_into().unwrap()) as usize;
            if self.unread.len() < end {
                break;
            }
            let message: Vec<u8> = self.unread.drain(..end).collect();
            if self.started && message[0] == b'P' {
                let mut strings = message[5..].split(|byte| *byte == 0);
                let (name, text) = (strings.next().unwrap(), strings.next().unwrap());
                parsed.push(Parse { named: !name.is_empty(), text: String::from_utf8(text.to_vec()).unwrap() });
            }
            self.closed += u64::from(self.started && message.starts_with(b"C") && message.get(5) == Some(&b'S'));
            self.started |= message[4..].get(..4).is_some_and(|code| code != SSL_REQUEST);
        }
        parsed
    }
}
