//! An association that is permitted but for the identity of its user.

use super::permit::{Permit, Terms};

/// A request within the limits, whose place is taken: only now may it cost the time that verifying
/// a user identity takes.
#[derive(Debug)]
pub struct Admitted {
    terms: Terms,
}

impl Admitted {
    pub(super) const fn new(terms: Terms) -> Self {
        Self { terms }
    }

    /// Permits the association: no peer has to show a user identity yet.
    pub fn permit(self) -> Permit {
        Permit::new(self.terms)
    }
}
