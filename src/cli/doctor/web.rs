//! A web page as a scanner sees it: one GET of `/`, of which status, a few fields and the title are
//! read. Nothing is followed.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::Builder;
use hyper::header::{CONNECTION, HOST, HeaderMap, LOCATION, SERVER, WWW_AUTHENTICATE};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::door::{Door, Silence};
use super::tap::Tap;
use crate::audit::PeerText;

/// Bytes of the head of an answer, and of what is read at once.
const MAX_HEAD: usize = 32 * 1024;
/// Fields in the head of an answer.
const MAX_FIELDS: usize = 100;
/// Bytes of a page in which its title is looked for.
const MAX_PAGE: usize = 64 * 1024;
/// One step's time for the head, and one for the page.
const STEPS: u32 = 2;

/// Imaging software by what its pages say, in lower case.
const PRODUCTS: [(&str, &str); 12] = [
    ("orthanc", "Orthanc"),
    ("app/explorer.html", "Orthanc"),
    ("ui/app/", "Orthanc"),
    ("dcm4chee", "dcm4chee"),
    ("conquest", "Conquest"),
    ("dgate", "Conquest"),
    ("weasis", "Weasis"),
    ("ohif", "OHIF viewer"),
    ("oviyam", "Oviyam"),
    ("dicom", "a DICOM viewer or archive"),
    ("pacs", "a PACS"),
    ("radiant", "RadiAnt"),
];

/// What answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Software for images that it is known to be.
    pub(super) product: Option<&'static str>,
    pub(super) asks_for_password: bool,
    /// Status, server, title, and where it leads, escaped.
    pub(super) evidence: String,
}

/// Asks once.
///
/// # Errors
///
/// It is not HTTP that answers.
pub(super) async fn get(door: &Door) -> Result<Page, Silence> {
    let (stream, beginning) = Tap::of(door.open().await?);
    let asked = ask(stream, door.at.to_string(), door.patience);
    match timeout(door.patience * STEPS, asked).await {
        Ok(Ok(page)) => Ok(page),
        Ok(Err(_)) | Err(_) if beginning.is_http() => Ok(Page::unreadable()),
        Ok(Err(Unread::Elsewise)) if beginning.is_empty() => Err(Silence::Closed),
        Ok(Err(Unread::Elsewise)) => Err(Silence::Other),
        Ok(Err(Unread::TimedOut)) | Err(_) => Err(Silence::TimedOut),
    }
}

/// Why there is no head of an answer.
enum Unread {
    TimedOut,
    Elsewise,
}

async fn ask(stream: Tap, host: String, patience: Duration) -> Result<Page, Unread> {
    let mut builder = Builder::new();
    builder.max_buf_size(MAX_HEAD).max_headers(MAX_FIELDS);
    let shaken = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|_| Unread::Elsewise)?;
    // Ends with this function.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let request = Request::get("/").header(HOST, host).header(CONNECTION, "close");
    let request = request.body(String::new()).map_err(|_| Unread::Elsewise)?;
    let answer = timeout(patience, sender.send_request(request)).await;
    let answer = answer.map_err(|_elapsed| Unread::TimedOut)?.map_err(|_| Unread::Elsewise)?;
    let (head, body) = answer.into_parts();
    let mut page = Vec::new();
    // What has come until then is enough.
    let _ = timeout(patience, read(body, &mut page)).await;
    Ok(Page::of(&Response::from_parts(head, ()), &page))
}

async fn read(mut body: Incoming, page: &mut Vec<u8>) {
    while page.len() < MAX_PAGE {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        let Some(Ok(frame)) = frame else { return };
        let Ok(data) = frame.into_data() else { return };
        page.extend(data.iter().take(MAX_PAGE.saturating_sub(page.len())));
    }
}

impl Page {
    /// An answer that begins as one of HTTP, and goes on as none should. Browsers forgive much.
    fn unreadable() -> Self {
        let evidence = "an answer that begins with HTTP and breaks its rules".to_owned();
        Self { product: None, asks_for_password: false, evidence }
    }

    fn of(head: &Response<()>, page: &[u8]) -> Self {
        let status = head.status().as_u16();
        let text = String::from_utf8_lossy(page);
        let title = title(&text);
        let fields = [("server", &SERVER), ("location", &LOCATION), ("asks", &WWW_AUTHENTICATE)];
        let fields: Vec<_> = fields
            .into_iter()
            .filter_map(|(label, name)| Some((label, field(head.headers(), name)?)))
            .collect();
        let told = fields.iter().map(|(_, value)| value.as_str()).chain(title);
        let told = told.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        let product = PRODUCTS.iter().find(|(mark, _)| told.contains(mark)).map(|(_, name)| *name);
        let mut evidence = format!("HTTP {status}");
        let shown = fields.iter().map(|(label, value)| (*label, value.as_str()));
        for (label, value) in shown.chain(title.map(|title| ("title", title))) {
            let value = PeerText::from_bytes(value.as_bytes(), PeerText::PHRASE);
            evidence.push_str(&format!(", {label} \"{value}\""));
        }
        Self { product, asks_for_password: matches!(status, 401 | 403 | 407), evidence }
    }
}

fn field(fields: &HeaderMap, name: &hyper::header::HeaderName) -> Option<String> {
    let value = fields.get(name)?.as_bytes();
    Some(String::from_utf8_lossy(value).into_owned())
}

fn title(page: &str) -> Option<&str> {
    // ASCII alone changes, so that places stay what they are.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    Some(page.get(start..end)?.trim()).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_title_and_escapes_it() {
        let head = Response::builder().header(SERVER, "x").body(()).unwrap();
        let page =
            Page::of(&head, "<html><TITLE lang=a>Örthanc \u{1b}[31m Explorer</title>".as_bytes());
        assert!(!page.evidence.contains('\u{1b}'), "{page:?}");
        assert_eq!(title("<title>a</title>"), Some("a"));
        assert_eq!(title("<title>a"), None);
        let leads = Response::builder().status(301).header(LOCATION, "app/explorer.html").body(());
        assert_eq!(Page::of(&leads.unwrap(), b"").product, Some("Orthanc"));
    }
}
