//! A kind of port: which way it leads, and whether TLS is spoken there.

use std::fmt;
use std::net::IpAddr;
use std::time::SystemTime;

use pacsgate_core::certificate::Accepted;
use pacsgate_core::direction::Direction;
use pacsgate_core::policy::Shown;
use rustls::pki_types::CertificateDer;

use crate::report_only::ReportOnly;
use crate::stream::tls::{self, HandshakeFault};

/// What a listener does with whoever comes to it.
#[derive(Clone, Debug)]
pub struct Port {
    /// Who comes to it, and whom it leads to.
    pub direction: Direction,
    /// `None` where it is plain.
    pub tls: Option<tls::Server>,
    /// For whom refusals of the policy are only reported, if for anybody.
    pub report_only: Option<ReportOnly>,
}

/// The way by which something came; it stays that, whatever becomes of the port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// That of the port.
    pub direction: Direction,
    /// How it spoke.
    pub transport: Transport,
}

/// What DICOM is spoken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// TLS.
    #[default]
    Tls,
    /// TCP alone.
    Plain,
}

/// As in "the listener is inward and plain".
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Tls => "with TLS",
            Transport::Plain => "plain",
        };
        write!(f, "{} and {transport}", self.direction.name())
    }
}

/// What a requestor has proven before its request.
#[derive(Clone, Debug)]
pub enum Proof {
    /// That it holds the key of a certificate.
    Certificate(Accepted),
    /// Nothing: TLS is up without a certificate, so that it can be anybody.
    Nothing,
    /// Nothing but that packets to its address reach it: it came without TLS.
    Plain,
}

/// Why somebody who has come in would not come in now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The port is of another kind.
    Way(Way),
    /// The certificate would be refused.
    Certificate(HandshakeFault),
}

impl Port {
    /// Whether what the policy refuses this source is only reported now.
    pub fn reports_only(&self, source: IpAddr, now: SystemTime) -> bool {
        self.report_only.as_ref().is_some_and(|it| it.covers(source, now))
    }

    /// The way of whoever comes now.
    pub const fn way(&self) -> Way {
        let transport = if self.tls.is_some() { Transport::Tls } else { Transport::Plain };
        Way { direction: self.direction, transport }
    }

    /// Judges once more somebody who came this way with these certificates, leaf first, perhaps when
    /// the port was another one.
    ///
    /// # Errors
    ///
    /// Why it would not be let in now.
    pub fn judge_again(&self, way: Way, chain: &[CertificateDer<'_>]) -> Result<Proof, Unfit> {
        if way != self.way() {
            return Err(Unfit::Way(self.way()));
        }
        let Some(tls) = &self.tls else { return Ok(Proof::Plain) };
        let accepted = tls.judge_again(chain).map_err(Unfit::Certificate)?;
        Ok(accepted.map_or(Proof::Nothing, Proof::Certificate))
    }
}

impl Proof {
    /// The certificate, if it is that.
    pub const fn certificate(&self) -> Option<&Accepted> {
        match self {
            Self::Certificate(accepted) => Some(accepted),
            Self::Nothing | Self::Plain => None,
        }
    }

    /// As the policy judges it.
    pub const fn shown(&self) -> Shown<'_> {
        match self {
            Self::Certificate(accepted) => Shown::Certificate(accepted),
            Self::Nothing => Shown::Nothing,
            Self::Plain => Shown::Plain,
        }
    }
}
