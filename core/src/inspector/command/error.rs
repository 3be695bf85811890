//! What makes a command set unreadable.

/// Why a command set cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CommandError {
    /// An element ends behind the end of the set.
    #[error("is cut inside an element")]
    Cut,
    /// An element of another group than 0000.
    #[error("has an element outside group 0000")]
    Group,
    /// Elements repeat or do not ascend.
    #[error("has elements that repeat or do not ascend")]
    Order,
    /// A value of odd length.
    #[error("has a value of odd length")]
    OddLength,
    /// The group length is missing or is not the set's.
    #[error("has a missing or wrong group length")]
    GroupLength,
    /// An element that the command cannot do without is missing or empty.
    #[error("lacks ({:04x},{:04x})", 0, .0)]
    Missing(u16),
    /// An element that the command does not have.
    #[error("has ({:04x},{:04x}), which its command does not", 0, .0)]
    Foreign(u16),
    /// A value of another size or grammar than its element's.
    #[error("has a malformed value in ({:04x},{:04x})", 0, .0)]
    Value(u16),
    /// A data set follows where none may, or none where one must.
    #[error("is wrong about whether a data set follows")]
    DataSet,
    /// A response to no request that PS3.7 knows.
    #[error("responds to a request that does not exist")]
    UnknownResponse,
}
