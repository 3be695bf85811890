//! An association that is permitted but for the identity of its user.

use super::permit::{Permit, Terms};
use super::refusal::Refusal;
use super::user::Identified;

/// A request within the limits, whose place is taken.
#[derive(Debug)]
pub struct Admitted {
    terms: Terms,
}

impl Admitted {
    pub(super) const fn new(terms: Terms) -> Self {
        Self { terms }
    }

    /// Judges the user, as far as the peer has to show one.
    ///
    /// # Errors
    ///
    /// What is missing or wrong with it.
    pub fn permit(self, identified: Identified) -> Result<Permit, Refusal> {
        self.terms.with(identified).map(Permit::new)
    }
}
