//! A web server of a test's own.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
};

use tests::PATIENCE;

/// A web server on loopback, to the end of the process. It answers one request after the other.
pub(crate) struct Mirror {
    pub(crate) url: String,
    asked: Receiver<String>,
}

impl Mirror {
    /// Starts one that answers with what a function returns, to the byte.
    pub(crate) fn start(mut answer: impl FnMut() -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/postgres/", listener.local_addr().unwrap());
        let (ask, asked) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut request = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
                let Some(line) = request.next() else { continue };
                request.find(String::is_empty);
                // The test may be over, or the client gone.
                ask.send(line).ok();
                connection.write_all(&answer()).ok();
            }
        });
        Self { url, asked }
    }

    /// Starts one that serves a file, whatever its name.
    pub(crate) fn of(file: Vec<u8>) -> Self {
        Self::start(move || response(&file, file.len()))
    }

    /// Returns the requests so far that were not returned before.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }

    /// Waits for a request.
    pub(crate) fn wait(&self) -> String {
        self.asked.recv_timeout(PATIENCE).unwrap()
    }
}

/// Returns a response that says that its body has so many bytes.
pub(crate) fn response(body: &[u8], length: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}
