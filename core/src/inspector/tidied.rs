//! What is untidy in messages and understood alike, so that it is put right and counted.

use crate::reason::Ground;

const DROPPED: Ground = Ground::Form("drops it");
const WRITTEN_ANEW: Ground = Ground::Form("writes the set anew, as the standard has it");

crate::reasons! {
    /// What was put right in a message on its way.
    #[derive(PartialOrd, Ord)]
    pub enum Tidied {
        GroupLength: "group-length", "a command set without its true group length" is WRITTEN_ANEW;
        Order: "command-order", "a command set out of order" is WRITTEN_ANEW;
        OddLength: "command-odd-length", "a command element of odd length" is WRITTEN_ANEW;
        Group: "command-group", "an element that is not of group 0000, in a command set" is DROPPED;
        Surplus: "surplus-element", "an element that its command does not have" is DROPPED;
        Value: "malformed-optional-element",
            "a malformed value of an element that its command can do without" is DROPPED;
        Priority: "priority", "a priority that is missing or none of the standard's"
            is Ground::Form("makes it medium, which is 0");
        Class: "response-class", "a response for another SOP class than its context's"
            is Ground::Form("drops the SOP class, which a response need not name");
        Originator: "move-originator",
            "a C-STORE-RQ of a peer that names another system as the originator of a C-MOVE"
            is Ground::Form("drops the originator and its message ID, by which some PACS route objects");
        InstanceUid: "instance-uid", "an instance's UID with letters or an empty component"
            is Ground::Form("passes it as it is");
        SurplusDataSet: "surplus-data-set", "a data set behind a response that has none"
            is Ground::Form("passes the response with its status, and not the data set");
        NoDataSet: "missing-data-set", "a pending response without a data set"
            is Ground::Form("passes it as it is");
        OddFragment: "odd-fragment", "a fragment of odd length"
            is Ground::Form("cuts the data set anew, into fragments of even length");
        SecondRequest: "early-request", "a request before the response to the one before"
            is Ground::Form(
                "reads that side no further until the response has passed, unless the other side \
                 waits for it as well");
    }
}
