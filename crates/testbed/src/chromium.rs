//! A headless Chromium for pages, spoken to in the Chrome DevTools Protocol. It resolves no name.

#![expect(clippy::indexing_slicing, reason = "a member of a JSON value that is not there reads as null")]

use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

use crate::Unavailable;
use crate::process::{Program, command};

/// The longest wait for one answer, on a machine that is busy with other tests.
const WAIT: Duration = Duration::from_mins(1);
/// Where Chromium writes the port and the path of its socket.
const PORT_FILE: &str = "DevToolsActivePort";
const FLAGS: [&str; 10] = [
    "--headless=new",
    // What it shows are our own pages, and a container may not allow the sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
];

/// One browser with one tab, until it is dropped.
#[derive(Debug)]
pub struct Browser {
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    last_id: u64,
    seen: Seen,
    // In the order in which they have to end.
    _program: Program,
    _folder: TempDir,
}

/// What the open page did that a still page does not do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The addresses that it asked for beside its own, `data:` included.
    pub requests: Vec<String>,
    /// What the console shows: violations of its policy, errors, messages.
    pub console: Vec<String>,
    /// The dialogs that it opened.
    pub dialogs: Vec<String>,
}

/// The light that a page is seen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `prefers-color-scheme: light`.
    Light,
    /// `prefers-color-scheme: dark`.
    Dark,
}

impl Browser {
    /// Waits until it takes commands.
    pub fn start() -> Result<Self, Unavailable> {
        let folder = tempfile::tempdir()?;
        let mut command = command(None, "chromium")?;
        command.args(FLAGS).arg("--remote-debugging-port=0");
        command.arg(format!("--user-data-dir={}", folder.path().display())).arg("about:blank");
        command.env("HOME", folder.path());
        let mut program = Program::start(command, "chromium", folder.path())?;
        program.wait_until(|_| endpoint(folder.path()).is_some())?;
        let (port, path) = endpoint(folder.path()).unwrap_or_default();
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(WAIT))?;
        let url = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) = tungstenite::client(url, stream).map_err(io::Error::other)?;
        let seen = Seen::default();
        let mut browser = Self { socket, session: None, last_id: 0, seen, _program: program, _folder: folder };
        browser.take_tab()?;
        Ok(browser)
    }

    /// Opens a file and waits until it is loaded.
    pub fn open(&mut self, page: &Path) -> io::Result<()> {
        self.ask("Page.navigate", &json!({ "url": "about:blank" }))?;
        self.wait_for("Page.loadEventFired")?;
        self.seen = Seen::default();
        let url = format!("file://{}", page.display());
        self.ask("Page.navigate", &json!({ "url": url }))?;
        self.wait_for("Page.loadEventFired")?;
        self.seen.requests.retain(|request| *request != url);
        Ok(())
    }

    /// What the page has done since it was opened.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The value of an expression, awaited where it is a promise. The page's policy does not hold for it.
    pub fn evaluate(&mut self, expression: &str) -> io::Result<Value> {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.ask("Runtime.evaluate", &parameters)?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(io::Error::other(details.to_string())),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// The size of the page in CSS pixels, and the light that it is seen in.
    pub fn look(&mut self, width: u32, height: u32, scheme: Scheme) -> io::Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.ask("Emulation.setDeviceMetricsOverride", &size)?;
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.ask("Emulation.setEmulatedMedia", &features).map(drop)
    }

    /// The whole page as PNG.
    pub fn picture(&mut self) -> io::Result<Vec<u8>> {
        let answer = self.ask("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }))?;
        decode(&answer["data"])
    }

    /// The page as it prints, as PDF.
    pub fn print(&mut self) -> io::Result<Vec<u8>> {
        let parameters = json!({ "preferCSSPageSize": false, "paperWidth": 8.27, "paperHeight": 11.69 });
        let answer = self.ask("Page.printToPDF", &parameters)?;
        decode(&answer["data"])
    }

    fn take_tab(&mut self) -> io::Result<()> {
        let target = self.ask("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let answer = self.ask("Target.attachToTarget", &target)?;
        self.session = answer["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Network", "Runtime", "Log"] {
            self.ask(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(())
    }

    /// Sends one command; what comes before its answer is noted.
    fn ask(&mut self, method: &str, parameters: &Value) -> io::Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(command.to_string())).map_err(io::Error::other)?;
        loop {
            let message = self.receive()?;
            if message["id"] != id {
                continue;
            }
            return match message.get("error") {
                Some(error) => Err(io::Error::other(format!("{method}: {error}"))),
                None => Ok(message["result"].clone()),
            };
        }
    }

    fn wait_for(&mut self, event: &str) -> io::Result<()> {
        while self.receive()?["method"] != event {}
        Ok(())
    }

    fn receive(&mut self) -> io::Result<Value> {
        loop {
            let Message::Text(text) = self.socket.read().map_err(io::Error::other)? else { continue };
            let message: Value = serde_json::from_str(&text)?;
            self.seen.note(&message);
            if message["method"] == "Page.javascriptDialogOpening" {
                // Nobody answers it otherwise, and the page would stand still.
                let answer = json!({ "id": 0, "method": "Page.handleJavaScriptDialog", "params": { "accept": false },
                    "sessionId": self.session });
                self.socket.send(Message::text(answer.to_string())).map_err(io::Error::other)?;
            }
            return Ok(message);
        }
    }
}

impl Seen {
    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        let (list, what) = match message["method"].as_str() {
            Some("Network.requestWillBeSent") => (&mut self.requests, &parameters["request"]["url"]),
            Some("Log.entryAdded") => (&mut self.console, &parameters["entry"]["text"]),
            Some("Runtime.consoleAPICalled") => (&mut self.console, &parameters["args"][0]["value"]),
            Some("Runtime.exceptionThrown") => (&mut self.console, &parameters["exceptionDetails"]["text"]),
            Some("Page.javascriptDialogOpening") => (&mut self.dialogs, &parameters["message"]),
            _ => return,
        };
        list.push(what.as_str().unwrap_or_default().to_owned());
    }
}

/// Port and path, once both lines are there.
fn endpoint(folder: &Path) -> Option<(u16, String)> {
    let text = fs::read_to_string(folder.join(PORT_FILE)).ok()?;
    let (port, path) = text.split_once('\n')?;
    (!path.is_empty()).then(|| Some((port.parse().ok()?, path.trim().to_owned())))?
}

fn decode(data: &Value) -> io::Result<Vec<u8>> {
    STANDARD.decode(data.as_str().unwrap_or_default()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_there_once_both_lines_are() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(endpoint(folder.path()), None);
        for (text, expected) in
            [("39", None), ("3921\n", None), ("3921\n/devtools/browser/1", Some("/devtools/browser/1"))]
        {
            fs::write(folder.path().join(PORT_FILE), text).unwrap();
            assert_eq!(endpoint(folder.path()), expected.map(|path| (3921, path.to_owned())));
        }
    }

    #[test]
    fn what_a_page_does_is_noted() {
        let mut seen = Seen::default();
        seen.note(&json!({ "method": "Network.requestWillBeSent", "params": { "request": { "url": "http://a" } } }));
        seen.note(&json!({ "method": "Page.javascriptDialogOpening", "params": { "message": "1" } }));
        seen.note(&json!({ "method": "Page.loadEventFired", "params": {} }));
        assert_eq!(
            (seen.requests.as_slice(), seen.dialogs.as_slice()),
            (["http://a".into()].as_slice(), ["1".into()].as_slice())
        );
    }
}
