//! What the gate has from its CA: its own certificates, the CA's, and the list of what is revoked.

use std::path::{Path, PathBuf};

use super::answers::Answers;
use super::arguments::Init;
use super::configuration::{self, Main};
use super::fault::Fault;
use super::folder::{Folder, file, read};
use super::told::{Piece, say};
use crate::ca::{self, Ca, CaError, Founding, KeyType, Passphrase, Signer};
use crate::cli::ca::warn;
use crate::cli::passphrase;
use crate::drop_in;
use crate::x509::{issuing, pem, reading};

const CLIENT_CA: &str = "tls/client-ca.pem";
const LIST: &str = "tls/ca.crl";
/// The gate's own certificates.
const SERVERS: [(&str, KeyType); 2] =
    [("gateway", KeyType::Rsa), ("gateway-ecdsa", KeyType::Ecdsa)];

/// Where they come from.
pub(super) struct Papers {
    certificate: PathBuf,
    list: Option<PathBuf>,
    /// At hand if something has to be signed.
    signer: Option<Signer>,
}

/// What the gate reads, as far as it is made here, and whatever is in the folder of the devices.
pub(super) const FILES: [&str; 8] = [
    configuration::FILE,
    "conf.d/.toml",
    CLIENT_CA,
    LIST,
    "tls/gateway.pem",
    "tls/gateway.key",
    "tls/gateway-ecdsa.pem",
    "tls/gateway-ecdsa.key",
];

/// Those of the gate's certificates that are missing, and that a main file which is there names.
pub(super) fn missing_servers(
    folder: &Folder,
    main: Option<&Main>,
) -> Result<Vec<(&'static str, KeyType)>, Fault> {
    let mut missing = Vec::new();
    for (stem, kind) in SERVERS {
        let [certificate, key] =
            ["pem", "key"].map(|end| folder.path(&format!("tls/{stem}.{end}")));
        match (certificate.exists(), key.exists()) {
            (true, true) => {}
            (true, false) => return Err(Fault::Half(certificate, key)),
            (false, true) => return Err(Fault::Half(key, certificate)),
            (false, false) if main.is_none_or(|main| main.names(&format!("{stem}.pem"))) => {
                missing.push((stem, kind));
            }
            (false, false) => {}
        }
    }
    Ok(missing)
}

impl Init {
    /// Those of the CA, which is made if there is none.
    pub(super) async fn papers(&self, servers: &[(&str, KeyType)]) -> Result<Papers, Fault> {
        if let Some(certificate) = &self.client_ca {
            return self.foreign(certificate);
        }
        self.is_apart()?;
        let (ca, passphrase) = match Ca::open(&self.ca) {
            Err(CaError::None(_)) => self.found().await?,
            other => {
                let ca = other?;
                Piece::There.tell(&self.ca);
                warn(&ca);
                let is_asked = !servers.is_empty() && ca.is_encrypted()?;
                let file = self.passphrase_file.as_deref();
                (ca, if is_asked { Some(passphrase::known(file).await?) } else { None })
            }
        };
        let signer = match servers {
            [] => None,
            _ => Some(ca.unlock(passphrase.as_ref())?),
        };
        let [certificate, list] = ["ca.pem", "ca.crl"].map(|name| self.ca.join(name));
        Ok(Papers { certificate, list: Some(list), signer })
    }

    /// Those of a CA that is elsewhere, judged before they are copied.
    fn foreign(&self, certificate: &Path) -> Result<Papers, Fault> {
        let content = read(certificate)?;
        let cas = pem::authorities(&content);
        let cas = cas.map_err(|fault| Fault::Pem(certificate.to_owned(), fault))?;
        if issuing::count(&cas) == 0 {
            return Err(Fault::NotOfCa(certificate.to_owned()));
        }
        if let Some(list) = &self.client_crl {
            let lists = pem::crls(&read(list)?).unwrap_or_default();
            if !lists.iter().any(|list| cas.iter().any(|ca| is_list_of(list, ca))) {
                return Err(Fault::NotItsList(list.clone(), certificate.to_owned()));
            }
        }
        let list = self.client_crl.clone();
        Ok(Papers { certificate: certificate.to_owned(), list, signer: None })
    }

    /// The gate's user reads the one folder, and must not enter the other.
    fn is_apart(&self) -> Result<(), Fault> {
        let whole = |path: &Path| {
            let path = std::path::absolute(path).map_err(file(path))?;
            // One that is to be made has a folder above it, which may be a link.
            let above = path.parent().and_then(|above| above.canonicalize().ok());
            let made = above.zip(path.file_name()).map(|(above, name)| above.join(name));
            Ok::<_, Fault>(path.canonicalize().ok().or(made).unwrap_or(path))
        };
        let (ca, dir) = (whole(&self.ca)?, whole(&self.dir)?);
        if ca.starts_with(&dir) || dir.starts_with(&ca) {
            return Err(Fault::Nested(self.ca.clone(), self.dir.clone()));
        }
        Ok(())
    }

    async fn found(&self) -> Result<(Ca, Option<Passphrase>), Fault> {
        let passphrase = match self.no_passphrase {
            true => None,
            false => Some(passphrase::new(self.passphrase_file.as_deref()).await?),
        };
        let ca = Ca::create(&self.ca, &Founding::default(), passphrase.as_ref())?;
        Piece::Made.tell(&self.ca);
        warn(&ca);
        say(
            "",
            "holds the CA. Keep a copy of it elsewhere: whoever has its key can be any device.",
        );
        Ok((ca, passphrase))
    }

    /// Makes the gate's own certificates.
    pub(super) fn serve(
        &self,
        folder: &Folder,
        papers: &mut Papers,
        servers: &[(&'static str, KeyType)],
        answers: &Answers,
    ) -> Result<(), Fault> {
        for (stem, key) in SERVERS {
            let path = folder.path(&format!("tls/{stem}.pem"));
            if !servers.contains(&(stem, key)) {
                if path.exists() {
                    Piece::There.tell(&path);
                }
                continue;
            }
            let Some(signer) = &mut papers.signer else {
                say("MISSING", path.display());
                say("", made_elsewhere(stem, key));
                continue;
            };
            signer.server(&ca::Server {
                folder: folder.path("tls"),
                stem: stem.to_owned(),
                dns: answers.names.clone(),
                ip: answers.ips.clone(),
                key,
                days: Signer::DAYS,
                replace: false,
            })?;
            Piece::Made.tell(&path);
        }
        Ok(())
    }
}

/// What to do where the CA is.
fn made_elsewhere(stem: &str, key: KeyType) -> String {
    let kind = if key == KeyType::Rsa { "rsa" } else { "ecdsa" };
    format!(
        "Make it where the CA is, and copy it and its key here, readable for the gate's group: \
         pacsgate ca server --no-gate --dns NAME --key {kind} --write DIR --file {stem}"
    )
}

impl Papers {
    /// Whether revoked certificates are known.
    pub(super) const fn has_list(&self) -> bool {
        self.list.is_some()
    }

    /// Gives the gate its copies.
    pub(super) fn hand_out(&mut self, folder: &Folder, main: Option<&Main>) -> Result<(), Fault> {
        let is_wanted =
            |name: &str| main.is_none_or(|main| main.names(name.trim_start_matches("tls/")));
        let certificate = read(&self.certificate)?;
        if is_wanted(CLIENT_CA) && folder.put(CLIENT_CA, &certificate)? == Piece::There {
            let path = folder.path(CLIENT_CA);
            if !holds(&read(&path)?, &certificate) {
                say(
                    "",
                    format_args!(
                        "does not hold the CA, so that its devices are not let in: add {} to it.",
                        self.certificate.display()
                    ),
                );
            }
        }
        let Some(list) = self.list.clone().filter(|_| is_wanted(LIST)) else { return Ok(()) };
        let list = read(&list)?;
        let path = folder.path(LIST);
        if path.exists() && is_older(&read(&path)?, &list, &certificate) {
            drop_in::replace(&path, &list)?;
            Piece::Renewed.tell(&path);
            say("", "A gate that runs takes it with: systemctl reload pacsgate");
            return Ok(());
        }
        folder.put(LIST, &list).map(|_| ())
    }
}

fn is_list_of(list: &[u8], ca: &[u8]) -> bool {
    let read = x509_parser::parse_x509_crl(list).ok().zip(reading::whole(ca));
    read.is_some_and(|((_, list), ca)| issuing::is_of(&list, &ca))
}

/// Whether a file has all certificates of another.
fn holds(file: &[u8], certificates: &[u8]) -> bool {
    let has = pem::certificates(file).unwrap_or_default();
    pem::certificates(certificates).unwrap_or_default().iter().all(|one| has.contains(one))
}

/// Whether the gate's list is one of the same CA, and an earlier one.
fn is_older(gates: &[u8], cas: &[u8], ca: &[u8]) -> bool {
    let number = |file: &[u8]| {
        let certificates = pem::certificates(ca).ok()?;
        let ca = reading::whole(certificates.first()?)?;
        let lists = pem::crls(file).ok()?;
        // A file of several is somebody's own.
        let [list] = lists.as_slice() else { return None };
        let (_, list) = x509_parser::parse_x509_crl(list).ok()?;
        let number = list.crl_number().cloned()?;
        issuing::is_of(&list, &ca).then_some(number)
    };
    number(gates).zip(number(cas)).is_some_and(|(gates, cas)| gates < cas)
}
