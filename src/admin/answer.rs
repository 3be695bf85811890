//! What a request gets. Nothing that it says changes anything.

use hyper::body::Incoming;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};

use super::host::{self, Over};
use super::offer::Offer;
use super::page::{Page, TEXT};
use super::{associations, health, metrics, status, view};

/// A path, and what answers there.
struct Path {
    path: &'static str,
    page: fn(&Offer, &HeaderMap) -> Page,
}

/// Every one.
const PATHS: [Path; 9] = [
    Path { path: "/", page: |offer, _| view::page(offer) },
    Path { path: "/page.css", page: |_, _| view::style() },
    Path { path: "/page.js", page: |_, _| view::script() },
    Path { path: "/icon.svg", page: |_, _| view::icon() },
    Path { path: "/status.json", page: |offer, _| status::json(offer) },
    Path { path: "/healthz", page: |offer, _| health::moves(offer) },
    Path { path: "/readyz", page: |offer, _| health::ready(offer) },
    Path { path: "/metrics", page: metrics::all },
    Path { path: "/associations", page: |offer, _| associations::open(offer) },
];

/// With every answer: a browser takes it for what it is, keeps nothing, loads nothing from elsewhere,
/// and shows it in no other page.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The answer to a request that came over such a socket.
pub(super) fn to(request: &Request<Incoming>, over: Over, offer: &Offer) -> Response<String> {
    let page = page(request, over, offer);
    let is_refused = page.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut response = Response::new(page.content);
    *response.status_mut() = page.status;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.kind));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_refused {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

fn page(request: &Request<Incoming>, over: Over, offer: &Offer) -> Page {
    if !host::is_meant(request, over) {
        let what = "This is the admin endpoint of pacsgate: it answers to localhost only.\n";
        return told(StatusCode::MISDIRECTED_REQUEST, what);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let what = "Nothing can be changed here: GET and HEAD only.\n";
        return told(StatusCode::METHOD_NOT_ALLOWED, what);
    }
    let path = request.uri().path();
    match PATHS.iter().find(|known| known.path == path) {
        Some(known) => (known.page)(offer, request.headers()),
        None => {
            let known: String = PATHS.iter().map(|known| format!("{}\n", known.path)).collect();
            told(StatusCode::NOT_FOUND, &format!("There is:\n{known}"))
        }
    }
}

fn told(status: StatusCode, what: &str) -> Page {
    Page { status, kind: TEXT, content: what.to_owned() }
}
