//! The manifests of packaging/kubernetes: valid, at one with each other, and with a configuration that the
//! gate loads as a kubelet lays it out.

use crate::matrix::installed::python;
use crate::support::dcmtk::words;
use crate::support::gate::{Gate, command};
use crate::support::http::Endpoint;
use crate::support::site::site;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/kubernetes");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn validated(version: &str, files: &[PathBuf]) -> Output {
    let mut command = Command::new(python());
    command.args(["-m", "kubernetes_validate", "--strict", "-k", version]).args(files);
    command.output().unwrap_or_else(|error| panic!("python: {error}; run tests/all"))
}

/// All objects, by their kinds.
fn objects() -> BTreeMap<String, Value> {
    let script = "import json, sys, yaml\n\
                  print(json.dumps([one for path in sys.argv[1:] for one in yaml.safe_load_all(open(path))]))";
    let output = Command::new(python()).args(["-c", script]).args(files()).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    let objects: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    objects.into_iter().map(|it| (it["kind"].as_str().unwrap().to_owned(), it)).collect()
}

#[test]
#[ignore = "needs kubernetes-validate: run tests/all"]
fn the_manifests_are_valid() {
    // The oldest that has all that is used, and the newest that is known here.
    for version in ["1.30", "1.37"] {
        let output = validated(version, &files());
        assert!(output.status.success(), "{}", words(&output));
    }
    let directory = TempDir::new().unwrap();
    let wrong = directory.path().join("wrong.yaml");
    let deployment = fs::read_to_string(&files()[2]).unwrap();
    fs::write(&wrong, deployment.replace("readinessProbe", "readynessProbe")).unwrap();
    assert!(!validated("1.30", &[wrong]).status.success());
}

#[test]
#[ignore = "needs kubernetes-validate: run tests/all"]
fn the_manifests_speak_of_the_same_pods() {
    let objects = objects();
    let pod = &objects["Deployment"]["spec"]["template"];
    let labels = &pod["metadata"]["labels"];
    for selector in [
        &objects["Deployment"]["spec"]["selector"]["matchLabels"],
        &objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        &objects["Service"]["spec"]["selector"],
        &objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        &pod["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    let namespace = &objects["Namespace"]["metadata"]["name"];
    for (kind, object) in objects.iter().filter(|(kind, _)| *kind != "Namespace") {
        assert_eq!(&object["metadata"]["namespace"], namespace, "{kind}");
    }
    let container = &pod["spec"]["containers"][0];
    let port = &container["ports"][0]["name"];
    assert_eq!(&objects["Service"]["spec"]["ports"][0]["targetPort"], port);
    assert_eq!(&objects["NetworkPolicy"]["spec"]["ingress"][0]["ports"][0]["port"], port);
    let sources = &pod["spec"]["volumes"][0]["projected"]["sources"];
    assert_eq!(sources[0]["configMap"]["name"], objects["ConfigMap"]["metadata"]["name"]);
}

#[test]
#[ignore = "needs kubernetes-validate: run tests/all"]
fn a_pod_has_time_to_end_what_it_has() {
    let objects = objects();
    let pod = &objects["Deployment"]["spec"]["template"]["spec"];
    let main: toml::Table =
        objects["ConfigMap"]["data"]["pacsgate.toml"].as_str().unwrap().parse().unwrap();
    let drain = humantime::parse_duration(main["limits"]["drain"].as_str().unwrap()).unwrap();
    let sleeps = &pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"];
    let whole = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    // limits.close, a second more, and two for the last lines.
    assert!(whole >= sleeps.as_u64().unwrap() + drain.as_secs() + 2 + 1 + 2);
    let port = pod["containers"][0]["ports"][0]["containerPort"].as_u64().unwrap();
    assert_eq!(main["listener"]["front"]["bind"][0].as_str().unwrap(), format!("[::]:{port}"));
}

#[test]
#[ignore = "needs kubernetes-validate: run tests/all"]
fn the_configuration_starts_a_gate_that_its_probes_find_ready() {
    let objects = objects();
    let pod = &objects["Deployment"]["spec"]["template"]["spec"];
    let directory = TempDir::new().unwrap();
    let volume = directory.path().join("pacsgate");
    lay_out(&volume, &objects);
    let output = checked(&volume);
    assert!(output.status.success(), "{}", words(&output));

    // Ports that are free to choose.
    let main = volume.join("..data/pacsgate.toml");
    let text = fs::read_to_string(&main).unwrap();
    let text = text.replace("[::]:2762", "127.0.0.1:0").replace("127.0.0.1:9120", "127.0.0.1:0");
    write(&main, &text);
    let gate = Gate::spawn(directory, command(&volume.join("pacsgate.toml")));
    let Endpoint::Tcp(admin) = Endpoint::of(&gate) else { unreachable!() };
    for name in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let probe = pod["containers"][0][name]["exec"]["command"].as_array().unwrap();
        let words: Vec<_> = probe.iter().map(|word| word.as_str().unwrap()).collect();
        let ["/pacsgate", arguments @ ..] = words.as_slice() else { panic!("{words:?}") };
        let probed = |at: &str| {
            let arguments = arguments.iter().map(|word| word.replace("127.0.0.1:9120", at));
            let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
            command.args(arguments).output().unwrap().status.code()
        };
        assert_eq!(probed(&admin.to_string()), Some(0), "{name}");
        assert_eq!(probed("127.0.0.1:1"), Some(1), "{name}");
    }
}

fn checked(volume: &Path) -> Output {
    // The paths in the configuration are those of the pod; here they are of a folder.
    let main = volume.join("..data/pacsgate.toml");
    let text = fs::read_to_string(&main).unwrap();
    write(&main, &text.replace("/etc/pacsgate/", ""));
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.args(["check", "--config"]).arg(volume.join("pacsgate.toml")).output().unwrap()
}

/// As a kubelet does it: the files in a folder of their own, and links to them.
fn lay_out(volume: &Path, objects: &BTreeMap<String, Value>) {
    let spec = &objects["Deployment"]["spec"]["template"]["spec"];
    let now = volume.join("..2026_11_29");
    fs::create_dir_all(&now).unwrap();
    fs::set_permissions(volume, fs::Permissions::from_mode(0o755)).unwrap();
    symlink("..2026_11_29", volume.join("..data")).unwrap();
    for source in spec["volumes"][0]["projected"]["sources"].as_array().unwrap() {
        let (kind, source) = source.as_object().unwrap().iter().next().unwrap();
        for item in source["items"].as_array().unwrap() {
            let (key, path) = (item["key"].as_str().unwrap(), item["path"].as_str().unwrap());
            let file = now.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            write(&file, &content(objects, kind, key));
            let first = path.split('/').next().unwrap();
            if !volume.join(first).exists() {
                symlink(format!("..data/{first}"), volume.join(first)).unwrap();
            }
        }
    }
}

fn content(objects: &BTreeMap<String, Value>, kind: &str, key: &str) -> String {
    match (kind, key) {
        ("secret", "tls.crt") => site().gate.chain_pem(),
        ("secret", "tls.key") => site().gate.key_pem(),
        ("configMap", "client-ca.pem") => site().root.pem(),
        ("configMap", _) => objects["ConfigMap"]["data"][key].as_str().unwrap().to_owned(),
        _ => panic!("{kind} {key}"),
    }
}

fn write(file: &Path, text: &str) {
    let _ = fs::remove_file(file);
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o440)).unwrap();
}
