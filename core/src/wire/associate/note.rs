//! What a parser tolerates, for the audit line.

use crate::counts::Counts;
use crate::reason::Ground;

/// What a parser dropped or tolerated, each kind counted.
pub type Notes = Counts<Note>;

const DROPPED: Ground = Ground::Form("drops it");
const SUPPLIED: Ground = Ground::Form("supplies its own");
const WRITTEN_ANEW: Ground = Ground::Form("writes it anew, as the standard has it");
const CONTEXT_REJECTED: Ground = Ground::Form("rejects this context towards the requestor");

crate::reasons! {
    /// One kind of deviation that does not refuse an association: untidy form, understood alike.
    #[derive(PartialOrd, Ord)]
    pub enum Note {
        /// PS3.8 section 9.3.1.
        UnknownItem(u8 = 0x60): "unknown-item", "unknown item {0:02X} dropped" is DROPPED;
        /// PS3.7 section D.3.3.
        UnknownUserItem(u8 = 0x60): "unknown-user-item",
            "unknown user item {0:02X} dropped" is DROPPED;
        /// One that is known, and stands where it means nothing.
        SurplusItem(u8 = 0x30): "surplus-item", "misplaced item {0:02X} dropped" is DROPPED;
        /// A known sub-item: 53, 57, 58 or 59.
        NotForwarded(u8 = 0x53): "not-forwarded", "item {0:02X} not forwarded" is DROPPED;
        VersionName: "bad-version-name",
            "bad implementation version name (item 55) dropped" is DROPPED;
        /// The same again, or one whose content the gate does not forward.
        Repeated(u8 = 0x54): "repeated-item", "repeated item {0:02X} dropped" is DROPPED;
        NulPaddedTitle: "nul-padded-title", "AE title padded with NUL" is WRITTEN_ANEW;
        PaddedUid: "padded-uid", "UID padded" is WRITTEN_ANEW;
        LeadingZeros: "leading-zeros", "UID component with leading zeros"
            is Ground::Form("passes it as it is: readers compare UIDs as texts");
        NoUserInformation: "no-user-information",
            "user information (item 50) missing, an own one used" is SUPPLIED;
        NoMaximumLength: "no-maximum-length",
            "maximum length (item 51) missing, 16384 used" is Ground::Form("takes it for 16,384");
        NoImplementationClass: "no-implementation-class",
            "implementation class (item 52) missing, own one used" is SUPPLIED;
        ImplementationClass: "bad-implementation-class",
            "implementation class (item 52) that is not a UID, own one used" is SUPPLIED;
        NoApplicationContext: "no-application-context-in-answer",
            "application context (item 10) missing in the answer" is SUPPLIED;
        ApplicationContext: "foreign-application-context-in-answer",
            "foreign application context (item 10) in the answer" is SUPPLIED;
        RejectedTransferSyntax: "rejected-transfer-syntax",
            "rejected context without a valid transfer syntax (item 40)" is WRITTEN_ANEW;
        AcceptedTransferSyntax: "accepted-transfer-syntax",
            "accepted context without exactly one transfer syntax (item 40)" is CONTEXT_REJECTED;
        TransferSyntax: "bad-transfer-syntax",
            "proposed transfer syntax (item 40) that is not a UID dropped" is DROPPED;
        ContextResult(u8 = 5): "undefined-context-result",
            "undefined context result {0}" is CONTEXT_REJECTED;
        EvenContextId(u8 = 2): "even-context-id-in-answer",
            "result for the even context id {0} dropped" is DROPPED;
        BadRole: "bad-role-class",
            "role selection (item 54) for what is not a UID dropped" is DROPPED;
        BadExtended: "bad-extended-negotiation-class",
            "extended negotiation (item 56) for what is not a UID dropped" is DROPPED;
        ExtendedForm: "extended-negotiation-form",
            "extended negotiation (item 56) of a form that its SOP class does not have dropped"
            is DROPPED;
        ExtendedOverflow: "too-many-extended-negotiations",
            "extended negotiation (item 56) beyond the first 128 dropped" is DROPPED;
        SmallerMaximum: "two-maximum-lengths-in-answer",
            "two maximum lengths (item 51) in the answer" is Ground::Form("takes the smaller");
        /// Some cut fragments of odd length by it.
        OddMaximum: "odd-maximum-length",
            "odd maximum length (item 51)" is Ground::Form("announces an even one");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_item_in_hexadecimal() {
        assert_eq!(Note::NotForwarded(0x58).to_string(), "item 58 not forwarded");
        assert_eq!(Note::UnknownUserItem(0x0a).to_string(), "unknown user item 0A dropped");
    }
}
