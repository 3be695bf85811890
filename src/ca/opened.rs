//! A CA's folder that has been read, or is made.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rcgen::{Issuer, KeyIdMethod, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

use super::entry::{Action, Certificate, Moment};
use super::error::CaError;
use super::folder::{self, CERTIFICATE, DEVICES, HEAD, KEY, LIST, LOG, Lock};
use super::key::{self, KeyType, Passphrase};
use super::log::Log;
use super::naming;
use super::revocation;
use super::state::State;
use super::template::{self, Validity};
use crate::host::{Barrier, Distrust, Trust};
use crate::x509::reading;

/// What a new CA is to be.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Its common name.
    pub common_name: String,
    /// Whose it is.
    pub organization: Option<String>,
    /// The kind of its key.
    pub key: KeyType,
    /// How long it lasts.
    pub days: u32,
    /// The domains that it is kept to; none if to none.
    pub permitted_dns: Vec<String>,
    /// How long its first revocation list counts.
    pub list_days: u32,
}

impl Founding {
    /// Ten years.
    pub const DAYS: u32 = 3_650;
}

impl Default for Founding {
    fn default() -> Self {
        Self {
            common_name: "Imaging CA".to_owned(),
            organization: None,
            key: KeyType::Rsa,
            days: Self::DAYS,
            permitted_dns: Vec::new(),
            list_days: revocation::DAYS,
        }
    }
}

/// A CA whose record was read and is whole. Its key has not been touched.
pub struct Ca {
    pub(super) folder: PathBuf,
    pub(super) log: Log,
    pub(super) state: State,
    /// Its certificate.
    pub(super) certificate: CertificateDer<'static>,
}

impl Ca {
    /// Makes a CA in a folder of its own, which may be there and empty; with an empty revocation list.
    ///
    /// # Errors
    ///
    /// There is one already, or something else; a name that cannot be one; or what the system says. Then
    /// nothing has been made.
    pub fn create(
        folder: &Path,
        founding: &Founding,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, CaError> {
        let permitted = naming::domains(&founding.permitted_dns)?;
        naming::common_name(&founding.common_name)?;
        founding.organization.as_deref().map_or(Ok(()), naming::common_name)?;
        let is_new = folder::make(folder)?;
        let made = Self::fill(folder, founding, &permitted, passphrase);
        if made.is_err() && is_new {
            // It is removed only if it is empty.
            let _ = std::fs::remove_dir(folder);
        }
        made
    }

    fn fill(
        folder: &Path,
        founding: &Founding,
        permitted: &[String],
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, CaError> {
        let _lock = Lock::take(folder)?;
        is_free(folder)?;
        let now = Moment::of(SystemTime::now());
        let key = founding.key.generate()?;
        let made = Made::new(founding, permitted, key, now)?;
        let pem = key::to_pem(&made.key, passphrase)?;
        let files = [
            (KEY.to_owned(), pem),
            (CERTIFICATE.to_owned(), Zeroizing::new(made.pem.clone())),
            (LIST.to_owned(), Zeroizing::new(made.list.clone())),
        ];
        folder::write_new(folder, &files)?;
        let mut log = Log::new(folder);
        let mut state = State::default();
        let written =
            made.actions.into_iter().try_for_each(|action| log.append(&mut state, action, now));
        if let Err(error) = written {
            folder::remove(folder, &files);
            folder::remove(folder, &[(LOG.to_owned(), ()), (HEAD.to_owned(), ())]);
            return Err(error);
        }
        Ok(Self { folder: folder.to_owned(), log, state, certificate: made.certificate })
    }

    /// Reads a CA's folder and verifies its log.
    ///
    /// # Errors
    ///
    /// There is none; the chain of the log is broken; or what the system says.
    pub fn open(folder: &Path) -> Result<Self, CaError> {
        if !is_there(folder, LOG)? && !is_there(folder, CERTIFICATE)? {
            return Err(CaError::None(folder.to_owned()));
        }
        let (log, state) = Log::read(folder)?;
        let path = folder.join(CERTIFICATE);
        let pem = folder::read(&path)?;
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes());
        let damaged = |what| CaError::Damaged(path.clone(), what);
        let certificate = certificate.map_err(|_| damaged("it holds no certificate"))?;
        let digest = reading::sha256(&certificate).to_string();
        if state.authority.as_ref().is_none_or(|own| own.sha256 != digest) {
            return Err(damaged("it is not the certificate of the log's first line"));
        }
        Ok(Self { folder: folder.to_owned(), log, state, certificate })
    }

    /// Whether the key needs a passphrase.
    ///
    /// # Errors
    ///
    /// There is no key that can be read.
    pub fn is_encrypted(&self) -> Result<bool, CaError> {
        let pem = Zeroizing::new(folder::read(&self.folder.join(KEY))?);
        Ok(key::is_encrypted(&pem))
    }

    /// Somebody else than root and this user who could put files of their own in the place of the
    /// CA's, or read the keys that it makes in theirs.
    pub fn distrust(&self) -> Option<Distrust> {
        // The last one judges the folder of devices: nothing has to be there.
        [KEY, LOG, CERTIFICATE, DEVICES, "devices/.pem"].into_iter().find_map(|name| {
            Trust::own().file(&self.folder.join(name)).err().and_then(Barrier::distrust)
        })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it has issued, and what of that counts.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Its certificate.
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// When it ends.
    pub fn end(&self) -> Moment {
        self.state.authority.as_ref().map_or(Moment(0), |own| own.not_after)
    }

    /// How many lines the log has, and the hash of the last: whoever writes both down elsewhere can tell
    /// later that nothing was changed up to there.
    pub fn head(&self) -> (u64, &str) {
        self.log.head()
    }

    /// What lies in the folder and is not in the log, as after a power cut: it can be moved away.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn leftovers(&self) -> Result<Vec<PathBuf>, CaError> {
        let mut left = Vec::new();
        if self.log.is_torn() {
            left.push(self.folder.join(LOG));
        }
        for folder in folder::names(&self.folder.join(DEVICES))? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            match self.state.devices.get(&*name) {
                Some(device) => {
                    let known = folder::files_of(&name, device.issued.len());
                    let is_known = |path: &PathBuf| {
                        path.file_name()
                            .is_some_and(|file| known.iter().any(|name| **name == *file))
                    };
                    left.extend(folder::names(&folder)?.into_iter().filter(|path| !is_known(path)));
                }
                None => left.push(folder.clone()),
            }
        }
        Ok(left)
    }
}

/// A CA is not made among other things, of which it could not tell what is its own.
fn is_free(folder: &Path) -> Result<(), CaError> {
    // What the systems make on every stick.
    const OF_STICKS: [&str; 2] = ["lost+found", "System Volume Information"];
    if [KEY, CERTIFICATE, LOG].iter().any(|name| folder.join(name).exists()) {
        return Err(CaError::Exists(folder.to_owned()));
    }
    let names = folder::names(folder)?;
    let is_usual = |path: &PathBuf| OF_STICKS.iter().any(|name| path.ends_with(name));
    if names.iter().all(is_usual) { Ok(()) } else { Err(CaError::NotEmpty(folder.to_owned())) }
}

/// The parts of a new CA.
struct Made {
    key: KeyPair,
    certificate: CertificateDer<'static>,
    pem: String,
    list: String,
    actions: [Action; 2],
}

impl Made {
    fn new(
        founding: &Founding,
        permitted: &[String],
        key: KeyPair,
        now: Moment,
    ) -> Result<Self, CaError> {
        let failed = |error: &dyn ToString| CaError::Crypto("the CA", error.to_string());
        let validity =
            Validity { from: now.a_minute_before(), until: now.plus_days(founding.days) };
        let organization = founding.organization.as_deref();
        let params = template::authority(&founding.common_name, organization, permitted, validity)?;
        let own = params.self_signed(&key).map_err(|error| failed(&error))?;
        let certificate = own.der().clone();
        let issuer = Issuer::from_ca_cert_der(&certificate, &key);
        let issuer = issuer.map_err(|error| failed(&error))?;
        let until = now.plus_days(founding.list_days);
        let key_id = KeyIdMethod::PreSpecified(params.key_identifier(&key));
        let span = Validity { from: now.a_minute_before(), until };
        let list = revocation::list(1, &State::default(), span, &issuer, key_id)?;
        let list = list.pem().map_err(|error| failed(&error))?;
        let read = reading::whole(&certificate);
        let subject = read.map(|own| own.subject().to_string()).unwrap_or_default();
        let record = Certificate::of(&certificate, Some(founding.key));
        let record = record.ok_or_else(|| failed(&"it cannot be read again"))?;
        let permitted_dns = permitted.to_vec();
        let actions = [
            Action::Init { subject, permitted_dns, certificate: record },
            Action::Crl { list: 1, not_after: until, revoked: 0 },
        ];
        drop(issuer);
        Ok(Self { key, pem: own.pem(), certificate, list, actions })
    }
}

/// Whether a folder has this file; a folder that hides it is not an empty one.
fn is_there(folder: &Path, name: &str) -> Result<bool, CaError> {
    folder.join(name).try_exists().map_err(|error| {
        let is_closed = error.kind() == io::ErrorKind::PermissionDenied;
        let fault = if is_closed { CaError::Closed } else { CaError::Io };
        fault(folder.to_owned(), error)
    })
}
