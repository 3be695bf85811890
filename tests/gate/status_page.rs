//! The status page and what it is made from, over real traffic: who is refused and why, what to paste,
//! and that nothing of a peer becomes markup.

mod in_a_browser;

use crate::admin::watched_with;
use crate::plain_listeners;
use crate::reload::{edit, reload};
use crate::support::PATIENCE;
use crate::support::associate::{Associate, CT, EXPLICIT, STUDY_FIND, STUDY_MOVE, title};
use crate::support::authority::{Identity, Profile};
use crate::support::dimse::{Request, identifier, image, move_rq, store_rq};
use crate::support::gate::Gate;
use crate::support::http::Endpoint;
use crate::support::pdu::{ASSOCIATE_AC, COMMAND, LAST, Pdu, p_data};
use crate::support::requestor::{Caller, Received, Requestor, connect_from};
use crate::support::scenario::{Scenario, echo};
use crate::support::site::site;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::time::Instant;

/// A gate with an endpoint, before a PACS that takes what it gets.
fn watched() -> (Scenario, Endpoint) {
    watched_with(|settings| settings)
}

/// This one asks, and is refused.
fn refused(scenario: &Scenario, device: &Identity, request: &Associate) {
    if let Ok(mut requestor) = Caller::with(device).call(scenario.gate.address) {
        let _ = requestor.try_send(&request.encode());
        drop(requestor.receive_rest());
    }
}

/// The status, once it is as wanted.
fn status_with(admin: &Endpoint, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = admin.json("/status.json");
        if is_wanted(&status) {
            return status;
        }
        assert!(Instant::now() < deadline, "{status:#}");
    }
}

/// What there is for this reason.
fn refusal<'a>(status: &'a Value, reason: &str) -> Option<&'a Value> {
    status["refusals"].as_array().unwrap().iter().find(|it| it["reason"] == reason)
}

fn with_refusal(admin: &Endpoint, reason: &str) -> Value {
    let status = status_with(admin, |status| refusal(status, reason).is_some());
    refusal(&status, reason).unwrap().clone()
}

/// Puts a line in the place of the one with the same key in a table.
fn replace(gate: &Gate, table: &str, line: &str) {
    let path = gate.directory.path().join("pacsgate.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(&format!("[{table}]\n")).unwrap();
    let key = line.split_once(" = ").unwrap().0;
    let (inside, behind) = rest.split_once("\n[").unwrap_or((rest, ""));
    let others = inside.lines().filter(|old| !old.starts_with(&format!("{key} = ")));
    let inside = others.chain([line.trim_end()]).collect::<Vec<_>>().join("\n");
    let end = if behind.is_empty() { String::new() } else { format!("\n[{behind}") };
    fs::write(path, format!("{before}[{table}]\n{inside}\n{end}")).unwrap();
}

fn paste(refusal: &Value) -> (&str, &str) {
    (refusal["paste"]["to"].as_str().unwrap(), refusal["paste"]["text"].as_str().unwrap())
}

#[test]
fn says_that_all_is_well_where_it_is() {
    let (scenario, admin) = watched();
    scenario.serves_a_good_peer();
    let status = status_with(&admin, |status| status["flows"] != Value::Array(Vec::new()));
    assert_eq!(status["schema"], 1);
    assert_eq!(status["refusals"], Value::Array(Vec::new()));
    let page = admin.get("/");
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-type: text/html; charset=utf-8\r\n"), "{}", page.head);
    assert!(page.body.contains("Nobody, since the gate has started."), "{}", page.body);
    for (path, kind) in [
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        let reply = admin.get(path);
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.head.contains(&format!("content-type: {kind}\r\n")), "{}", reply.head);
    }
}

#[test]
fn says_first_which_peer_is_refused_why_and_what_lets_it_in_until_it_is_in() {
    let (scenario, admin) = watched();
    for _ in 0..3 {
        refused(&scenario, &site().ct1, &Associate::echo("CT9", "PACS"));
    }
    let is_there = |status: &Value| {
        refusal(status, "calling-title").is_some_and(|refusal| refusal["count"] == 3)
    };
    let status = status_with(&admin, is_there);
    let verdict = &status["verdict"];
    assert_eq!(verdict["state"], "act");
    assert_eq!(
        verdict["sentence"],
        "ct1 (CT9 to PACS) is refused, 3 times so far: the calling title is not bound to this \
         certificate or address."
    );
    assert!(verdict["what_to_do"].as_str().unwrap().contains("`calling_ae`"), "{verdict}");
    let refusal = refusal(&status, "calling-title").unwrap();
    assert_eq!((&refusal["who"], &refusal["stranger"]), (&"ct1".into(), &false.into()));
    assert_eq!(refusal["line"]["calling"], "CT9");
    let at = refusal["table_at"].as_str().unwrap();
    assert!(at.contains("pacsgate.toml:"), "{at}");
    let (to, text) = paste(refusal);
    assert_eq!(to, "in place of `calling_ae` in [peer.ct1]");
    assert_eq!(text, "calling_ae = [\"CT1\", \"CT1_QR\", \"CT9\"]\n");
    let page = admin.get("/").body;
    for part in [
        "<h1><span class=\"hidden\">Act: </span>ct1 (CT9 to PACS) is refused, 3 times so far: ",
        "<strong>ct1</strong>",
        "refused 3 times",
        "calling_ae = [&quot;CT1&quot;, &quot;CT1_QR&quot;, &quot;CT9&quot;]",
        at,
        "Radiology IT",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    replace(&scenario.gate, "peer.ct1", text);
    reload(&scenario.gate);
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::echo("CT9", "PACS"));
    let status = status_with(&admin, |status| !status["open"].as_array().unwrap().is_empty());
    assert_ne!(status["verdict"]["state"], "act", "{}", status["verdict"]);
    assert_eq!(status["reloads"][0]["reason"], "applied");
    requestor.release();
}

#[test]
fn what_it_says_to_paste_lets_in_who_calls_or_asks_for_something_else() {
    let (scenario, admin) = watched();
    let ct1 = &site().ct1;
    let find = Associate::request("CT1", "PACS").context(1, STUDY_FIND, &[EXPLICIT]);
    let requests = [
        ("called-title", "pacs.archive", Associate::echo("CT1", "OLD_PACS")),
        ("no-permitted-service", "peer.ct1", find),
    ];
    for (reason, table, request) in requests {
        refused(&scenario, ct1, &request);
        let refusal = with_refusal(&admin, reason);
        let (to, text) = paste(&refusal);
        assert!(to.starts_with("in place of `") && to.ends_with(&format!("[{table}]")), "{to}");
        replace(&scenario.gate, table, text);
        reload(&scenario.gate);
        let deadline = Instant::now() + PATIENCE;
        while !is_let_in(&scenario, ct1, &request) {
            assert!(Instant::now() < deadline, "{text} does not let it in");
        }
    }
}

#[test]
fn what_it_says_to_paste_lets_a_peer_come_from_there_send_there_and_store_that() {
    let (scenario, admin) = watched_with(|mut settings| {
        settings.mr1.insert("from", r#"["10.0.0.0/8"]"#.into());
        settings.services(r#"["echo", "store", "move"]"#)
    });
    refused(&scenario, &site().mr1, &Associate::echo("MR1", "PACS"));
    let refusal = with_refusal(&admin, "wrong-network");
    assert_eq!(paste(&refusal).1, "from = [\"10.0.0.0/8\", \"127.0.0.1\"]\n");
    replace(&scenario.gate, "peer.mr1", paste(&refusal).1);
    // Patient ID stands behind the pixels, where it does not belong.
    let disordered = [image(2), b"\x10\0\x20\0LO\x04\x004711".to_vec()].concat();
    let request = Associate::echo("CT1", "PACS").context(3, CT, &[EXPLICIT]);
    let request = request.context(5, STUDY_MOVE, &[EXPLICIT]);
    let store = [p_data(3, COMMAND | LAST, &store_rq(1)), p_data(3, LAST, &disordered)].concat();
    let moving = move_rq(2, b"MR1 ");
    let moving = [p_data(5, COMMAND | LAST, &moving), p_data(5, LAST, &identifier())].concat();
    let statuses = || {
        let mut requestor = scenario.ct1();
        requestor.associate(&request);
        let status = |requestor: &mut Requestor, message: &[u8]| {
            requestor.send(message);
            Request::parse(&requestor.receive_pdu().pdvs()[0].data).status.unwrap()
        };
        let both = [status(&mut requestor, &store), status(&mut requestor, &moving)];
        requestor.release();
        both
    };
    assert!(statuses().iter().all(|status| *status != 0));
    let refusal = with_refusal(&admin, "element-order");
    assert_eq!(paste(&refusal).0, "to add `tolerate` in [peer.ct1]");
    replace(&scenario.gate, "peer.ct1", paste(&refusal).1);
    let refusal = with_refusal(&admin, "requestor-move-destination");
    // Its calling titles count as long as there is no such key.
    assert_eq!(paste(&refusal).0, "to add `move_to` in [peer.ct1]");
    assert_eq!(paste(&refusal).1, "move_to = [\"CT1\", \"CT1_QR\", \"MR1\"]\n");
    replace(&scenario.gate, "peer.ct1", paste(&refusal).1);
    reload(&scenario.gate);
    assert_eq!(statuses(), [0, 0]);
    scenario.serves_a_good_peer();
}

#[test]
fn a_device_without_tls_that_nobody_knows_gets_a_table_that_lets_it_in() {
    let (scenario, admin) = watched_with(plain_listeners::plain);
    let address = plain_listeners::address(&scenario.gate);
    let asks = || {
        let mut socket = connect_from([127, 0, 0, 21], address).unwrap();
        socket.write_all(&Associate::echo("US2", "PACS").encode()).unwrap();
        Pdu::read(&mut socket).ok().map(|pdu| pdu.kind)
    };
    assert_ne!(asks(), Some(ASSOCIATE_AC));
    let refusal = with_refusal(&admin, "unknown-address");
    let (_, text) = paste(&refusal);
    let text = text.replace("services = []", "services = [\"echo\"]");
    for key in ["certificate = \"none\"", "from = [\"127.0.0.21\"]", "calling_ae = [\"US2\"]"] {
        assert!(text.contains(key), "{text}");
    }
    let path = scenario.gate.directory.path().join("pacsgate.toml");
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{before}\n{text}")).unwrap();
    reload(&scenario.gate);
    assert_eq!(asks(), Some(ASSOCIATE_AC), "{text}");
}

#[test]
fn nobody_is_offered_the_title_of_a_device() {
    let (scenario, admin) = watched_with(plain_listeners::plain);
    let mut socket =
        connect_from([127, 0, 0, 21], plain_listeners::address(&scenario.gate)).unwrap();
    socket.write_all(&Associate::echo("CT1", "PACS").encode()).unwrap();
    assert_ne!(Pdu::read(&mut socket).ok().map(|pdu| pdu.kind), Some(ASSOCIATE_AC));
    let status = status_with(&admin, |status| refusal(status, "unknown-address").is_some());
    let stranger = refusal(&status, "unknown-address").unwrap();
    assert_eq!((&stranger["paste"], &stranger["known"]), (&Value::Null, &false.into()));
    let sentence = status["verdict"]["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("A stranger that calls itself CT1 (to PACS) is "), "{sentence}");
    // A title that is called and a device's would be open to every peer of the PACS.
    refused(&scenario, &site().ct1, &Associate::echo("CT1", "MR1"));
    let called = with_refusal(&admin, "called-title");
    assert_eq!((&called["paste"], &called["known"]), (&Value::Null, &true.into()));
    refused(&scenario, &site().mr1, &Associate::echo("MR1", "OLD_PACS"));
    let of_mr1 = |status: &Value| {
        let refusals = status["refusals"].as_array().unwrap();
        refusals.iter().find(|it| it["peer"] == "mr1").cloned()
    };
    let status = status_with(&admin, |status| of_mr1(status).is_some());
    let effect = "This opens the title OLD_PACS to all peers of [pacs.archive].";
    assert_eq!(of_mr1(&status).unwrap()["paste"]["effect"], effect);
    assert!(admin.get("/").body.contains("to all peers of "));
}

#[test]
fn a_certificate_of_no_table_stands_among_the_unknown_devices() {
    let (scenario, admin) = watched();
    let known_ca = site().root.issue(&Profile::client("us7.radiology.example"));
    refused(&scenario, &known_ca, &Associate::echo("US7", "PACS"));
    let refusal = with_refusal(&admin, "unknown-certificate");
    assert_eq!((&refusal["stranger"], &refusal["known"]), (&false.into(), &false.into()));
    let page = admin.get("/").body;
    let (_, below) = page.split_once("Unknown devices").unwrap();
    assert!(below.contains("us7.radiology.example"), "{page}");
}

#[test]
fn one_association_to_the_pacs_does_not_make_good_what_is_refused() {
    let (scenario, admin) = watched();
    for _ in 0..6 {
        refused(&scenario, &site().ct1, &Associate::echo("CT1", "NOPE"));
    }
    scenario.serves_a_good_peer();
    let is_there = |status: &Value| {
        let refusal = refusal(status, "called-title");
        refusal.is_some_and(|it| it["count"] == 6) && status["flows"] != Value::Array(Vec::new())
    };
    let status = status_with(&admin, is_there);
    assert_eq!(status["verdict"]["state"], "act", "{}", status["verdict"]);
}

#[test]
fn a_device_that_nobody_knows_gets_a_table_that_lets_it_in() {
    let (scenario, admin) = watched();
    let known_ca = site().root.issue(&Profile::client("us7.radiology.example"));
    let own_ca = Profile::client("xa3.radiology.example").self_signed();
    let request = Associate::echo("US7", "PACS");
    for (device, reason) in [(&known_ca, "unknown-certificate"), (&own_ca, "unknown-issuer")] {
        refused(&scenario, device, &request);
        let refusal = with_refusal(&admin, reason);
        let (to, text) = paste(&refusal);
        assert!(to.contains("as a table of its own, if you know the device"), "{to}");
        // What only a person knows: of one that got no further than TLS, all that it will ask for.
        let text = text.replace("calling_ae = []", "calling_ae = [\"US7\"]");
        let text = text.replace("services = []", "services = [\"echo\"]");
        assert!(text.contains("pacs = [\"archive\"]"), "{text}");
        let path = scenario.gate.directory.path().join("pacsgate.toml");
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{before}\n{text}")).unwrap();
        reload(&scenario.gate);
        let deadline = Instant::now() + PATIENCE;
        while !is_let_in(&scenario, device, &request) {
            assert!(Instant::now() < deadline, "{text} does not let it in");
        }
        fs::write(&path, before).unwrap();
    }
}

fn is_let_in(scenario: &Scenario, device: &Identity, request: &Associate) -> bool {
    let Ok(mut requestor) = Caller::with(device).call(scenario.gate.address) else { return false };
    let is_sent = requestor.try_send(&request.encode()).is_ok();
    is_sent && matches!(requestor.receive(), Received::Pdu(pdu) if pdu.kind == ASSOCIATE_AC)
}

#[test]
fn nothing_of_a_peer_becomes_markup() {
    let hostile = Profile {
        common_name: "<script>alert('cn')</script>",
        dns: vec!["\"><img src=x onerror=alert(1)>"],
        ..Profile::client("unused")
    };
    let (scenario, admin) = watched();
    let titles = ["<b>&\"'</b>", "--></pre><p>", "`<i>`", "${7*7}{{7*7}}"];
    for text in titles {
        refused(&scenario, &site().root.issue(&hostile), &Associate::echo(text, text));
        refused(&scenario, &site().ct1, &Associate::echo(text, "PACS"));
        refused(&scenario, &site().mr1, &Associate::echo("MR1", text));
    }
    refused(&scenario, &hostile.self_signed(), &Associate::echo("X", "Y"));
    let mut request = Associate::echo("CT1", "PACS");
    request.calling = title(b"<svg onload=1>\x1b\x00");
    refused(&scenario, &site().ct1, &request);
    status_with(&admin, |status| {
        let reasons = ["unknown-certificate", "unknown-issuer", "calling-title", "called-title"];
        reasons.iter().all(|reason| refusal(status, reason).is_some())
            && refusal(status, "malformed-calling-title").is_some()
    });
    let page = admin.get("/").body;
    let (_, body) = page.split_once("<body>").unwrap();
    for markup in ["<b>", "<i>", "<script", "<img", "<svg onload", "</pre><p>", "-->", "\u{1b}"] {
        assert!(!body.contains(markup), "{markup} in {body}");
    }
    for escaped in
        ["&lt;script&gt;alert(&#39;cn&#39;)&lt;/script&gt;", "${7*7}{{7*7}}", "&lt;i&gt;"]
    {
        assert!(body.contains(escaped), "no {escaped} in {body}");
    }
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    // What is offered to be pasted has nothing that ends a text of TOML.
    let status = admin.json("/status.json");
    for refusal in status["refusals"].as_array().unwrap() {
        let text = refusal["paste"]["text"].as_str().unwrap_or_default();
        assert!(toml::from_str::<toml::Table>(text).is_ok(), "{text}");
    }
}

#[test]
fn shows_who_is_connected_and_what_has_flowed() {
    let (scenario, admin) = watched();
    let mut requestor = scenario.ct1();
    requestor.associate(&Associate::request("CT1", "PACS").context(1, CT, &[EXPLICIT]));
    for id in 1..=2 {
        requestor.send(&p_data(1, COMMAND | LAST, &store_rq(id)));
        requestor.send(&p_data(1, LAST, &image(2_000)));
        requestor.receive_pdu();
    }
    let status = status_with(&admin, |status| status["open"][0]["objects"] == 2);
    let open = &status["open"][0];
    assert_eq!((&open["peer"], &open["pacs"]), (&"ct1".into(), &"archive".into()));
    assert_eq!((&open["calling"], &open["called"]), (&"CT1".into(), &"PACS".into()));
    assert!(open["bytes"].as_u64().unwrap() > 4_000, "{open}");
    assert!(open["since"].as_str().unwrap().ends_with('Z'), "{open}");
    assert!(admin.get("/").body.contains("Connected now: 1"));
    requestor.release();
    let status = status_with(&admin, |status| status["flows"][0]["objects"] == 2);
    let flow = &status["flows"][0];
    assert_eq!((&flow["peer"], &flow["pacs"]), (&"ct1".into(), &"archive".into()));
    assert_eq!((&flow["associations"], &flow["refused"]), (&1.into(), &0.into()));
    assert!(flow["bytes"].as_u64().unwrap() > 4_000, "{flow}");
    let total = |of: &str| {
        let steps = status["day"][of].as_array().unwrap();
        assert_eq!(steps.len(), 288, "{of}");
        steps.iter().map(|step| step.as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((total("associations"), total("objects"), total("refused")), (1, 2, 0));
    let page = admin.get("/").body;
    assert!(page.contains("No association is open.") && page.contains("2 obj., "), "{page}");
    let ends = status["ends"].as_array().unwrap();
    let of_gate = ends.iter().find(|end| end["table"] == "listener.front.tls").unwrap();
    assert_eq!(of_gate["days"], 29);
    assert!(ends.iter().any(|end| end["table"] == "peer.ct1"), "{ends:?}");
}

#[test]
fn a_reload_that_is_refused_is_to_be_acted_on_until_one_is_applied() {
    let (scenario, admin) = watched();
    edit(&scenario.gate, "schema = 1", "schema = 7");
    scenario.gate.signal("HUP");
    let status = status_with(&admin, |status| status["reloads"][0]["reason"] == "refused");
    assert_eq!(status["verdict"]["state"], "act");
    let sentence = status["verdict"]["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("The last reload was refused, the configuration before it goes on: ")
    );
    assert!(sentence.contains("pacsgate.toml:1:"), "{sentence}");
    assert!(admin.get("/").body.contains("refused: "));
    edit(&scenario.gate, "schema = 7", "schema = 1");
    reload(&scenario.gate);
    let status = status_with(&admin, |status| status["reloads"][0]["reason"] == "applied");
    assert_ne!(status["verdict"]["state"], "act");
    assert_eq!(status["reloads"].as_array().unwrap().len(), 2);
}

#[test]
fn a_flood_of_a_stranger_does_not_push_out_the_device_that_somebody_looks_for() {
    let (scenario, admin) = watched();
    refused(&scenario, &site().ct1, &Associate::echo("CT9", "PACS"));
    let stranger = Profile::client("evil.example").self_signed();
    for number in 0..60 {
        refused(&scenario, &stranger, &Associate::echo(&format!("X{number}"), "PACS"));
    }
    let flood =
        |status: &Value| refusal(status, "unknown-issuer").is_some_and(|it| it["count"] == 60);
    let status = status_with(&admin, flood);
    assert_eq!(status["refusals"].as_array().unwrap().len(), 2, "{status}");
    assert!(refusal(&status, "calling-title").is_some());
    let mut requestor = scenario.associated();
    echo(&mut requestor, 1);
    requestor.release();
}
