//! A headless Chromium, spoken to over a pipe in the `DevTools` protocol.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tests::PATIENCE;

/// A browser with one page, gone with this value.
pub(crate) struct Chromium {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    /// What has happened in the page since it was opened last.
    events: Vec<Value>,
    session: Option<String>,
    last_id: u64,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts the browser; `None` where none is installed.
    pub(crate) fn start() -> Option<Self> {
        let program = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|program| {
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|path| path.join(program).exists())
        })?;
        let profile = tempfile::tempdir().unwrap();
        // It reads commands from file descriptor 3, and writes to 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >&2", "sh", program])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args([
                "--no-first-run",
                "--disable-extensions",
                "--disable-background-networking",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while answers.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser =
            Self { child, commands, messages, events: Vec::new(), session: None, last_id: 0, _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Opens a file, in a window so wide; a narrow one is a phone's.
    pub(crate) fn open(&mut self, page: &Path, width: u32, dark: bool) {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = json!({ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } });
        self.call("Emulation.setEmulatedMedia", json!({ "features": [scheme] }));
        self.events.clear();
        self.call("Page.navigate", json!({ "url": format!("file://{}", page.display()) }));
        let since = Instant::now();
        while self.happened("Page.loadEventFired").next().is_none() {
            let message = self.messages.recv_timeout(PATIENCE.saturating_sub(since.elapsed())).unwrap();
            self.events.push(message);
        }
    }

    /// Evaluates an expression in the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let mut answer = self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer:#}");
        answer["result"]["value"].take()
    }

    /// Takes a picture of the whole page, as PNG.
    pub(crate) fn screenshot(&mut self) -> Vec<u8> {
        let answer = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        BASE64_STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    /// Returns what has gone wrong in the page: scripts that threw, errors in the console, what its policy forbade.
    pub(crate) fn errors(&self) -> Vec<String> {
        let thrown =
            self.happened("Runtime.exceptionThrown").map(|event| event["exceptionDetails"]["text"].to_string());
        let logged = self.happened("Log.entryAdded").map(|event| event["entry"]["text"].to_string());
        let said = self.happened("Runtime.consoleAPICalled").map(|event| event["args"].to_string());
        thrown.chain(logged).chain(said).collect()
    }

    /// Returns what the page has asked for, the page included.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.happened("Network.requestWillBeSent").map(|event| event["request"]["url"].to_string()).collect()
    }

    fn happened(&self, method: &'static str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["method"] == method).map(|event| &event["params"])
    }

    #[expect(clippy::needless_pass_by_value, reason = "they are made where it is called")]
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let mut command = json!({ "id": self.last_id, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        let since = Instant::now();
        loop {
            let mut message = self.messages.recv_timeout(PATIENCE.saturating_sub(since.elapsed())).unwrap();
            if message["id"] == self.last_id {
                assert!(message.get("error").is_none(), "{method}: {message:#}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It ends all of its processes, where a kill would leave some.
        let asked = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        if asked.is_err() || (0..100).all(|_| self.is_alive_a_little_later()) {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

impl Chromium {
    fn is_alive_a_little_later(&mut self) -> bool {
        std::thread::sleep(Duration::from_millis(50));
        matches!(self.child.try_wait(), Ok(None))
    }
}
