//! Headless Chromium, driven by chromedriver over WebDriver (W3C).

use super::PATIENCE;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A browser with one window.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    /// Its profile.
    _directory: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let (driver, port) = driver(directory.path());
        let profile = format!("--user-data-dir={}", directory.path().join("profile").display());
        // A sandbox in a container needs what that does not give; the pages are our own.
        let arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", &profile];
        let mut browser = Self { driver, port, session: String::new(), _directory: directory };
        let options = json!({ "args": arguments, "binary": "/usr/bin/chromium" });
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let made = browser.ask("POST", "", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = format!("/{}", made["sessionId"].as_str().unwrap());
        browser
    }

    pub(crate) fn open(&self, address: &str) {
        self.ask("POST", "/url", &json!({ "url": address }));
    }

    /// What the script returns.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What is to be read on the page.
    pub(crate) fn text(&self) -> String {
        let body = self.find("body");
        self.ask("GET", &format!("/element/{body}/text"), &Value::Null).as_str().unwrap().to_owned()
    }

    pub(crate) fn title(&self) -> String {
        self.ask("GET", "/title", &Value::Null).as_str().unwrap().to_owned()
    }

    /// The first that the selector finds.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.ask("POST", &format!("/element/{element}/click"), &json!({}));
    }

    fn find(&self, selector: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = self.ask("POST", "/element", &wanted);
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    /// Gives the page so many pixels, as on a device, and the colours that somebody prefers.
    pub(crate) fn resize(&self, width: u32, scheme: &str) {
        let device = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &device);
        let preferred = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": [preferred] }));
    }

    pub(crate) fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    }

    /// Puts a picture of the whole page into the build directory, to be looked at.
    pub(crate) fn picture(&self, name: &str) {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let size = self.devtools("Page.getLayoutMetrics", &json!({}))["cssContentSize"].clone();
        let mut clip = size;
        clip["scale"] = json!(1);
        let mut wanted = whole;
        wanted["clip"] = clip;
        let taken = self.devtools("Page.captureScreenshot", &wanted);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
        fs::create_dir_all(&folder).unwrap();
        let picture = base64(taken["data"].as_str().unwrap());
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// What has gone to the console so far: errors, and what the page's policy has kept out.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", &json!({ "type": "browser" }));
        let lines = log.as_array().unwrap().iter();
        lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.ask("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let path = format!("/session{}{path}", self.session);
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE.max(Duration::from_secs(60)))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let answer: Value = serde_json::from_slice(&content(stream)).unwrap();
        let value = &answer["value"];
        assert!(value["error"].is_null(), "{method} {path}: {value:#}");
        value.clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.ask("DELETE", "", &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A running driver, and the port that it has chosen. It takes one of IPv4, and ends if another program
/// has the same of IPv6 by then: so it is started again.
fn driver(home: &Path) -> (Child, u16) {
    const ATTEMPTS: usize = 5;
    let mut said = String::new();
    for _ in 0..ATTEMPTS {
        let mut driver = Command::new("/usr/bin/chromedriver")
            .arg("--port=0")
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        match port(&mut driver) {
            Ok(port) => return (driver, port),
            Err(words) => said += &words,
        }
        driver.wait().unwrap();
    }
    panic!("no driver of the browser: {said}")
}

/// The port that the driver has chosen, or all that it has said before it ended.
fn port(driver: &mut Child) -> Result<u16, String> {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let mut said = String::new();
    let line = lines.by_ref().map(Result::unwrap).find(|line| {
        said += &format!("{line}\n");
        line.contains("started successfully on port")
    });
    let digits: String = line.ok_or(said)?.chars().filter(char::is_ascii_digit).collect();
    // Whatever it says later is read by nobody, and is little.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(digits.parse().unwrap())
}

/// An answer of a known length.
fn content(stream: TcpStream) -> Vec<u8> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut content = vec![0; length];
    stream.read_exact(&mut content).unwrap();
    content
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
