//! How wide a data set and each of its items may be.

use super::DataSetError;

/// What one level, the data set itself or an item, may have, whatever its sequences hold. Their
/// items are not limited: a sparse whole-slide image has hundreds of thousands of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// The most elements of a level.
    pub elements: u32,
    /// The most private creators among them (PS3.5 section 7.8.1).
    pub creators: u32,
}

impl Widths {
    /// Where nobody has set other numbers. The widest sample of pydicom has 258 elements in a level;
    /// Orthanc takes 0.2 s for 10,000, 1.3 s for 20,000 and 6 s for 50,000. Private creators are
    /// searched once more for each element behind them: dcmqrscp takes 7 s for 16,000.
    pub const USUAL: Self = Self { elements: 10_000, creators: 2_000 };

    pub(super) const fn judge(self, elements: u32, creators: u32) -> Result<(), DataSetError> {
        if elements > self.elements {
            Err(DataSetError::LevelElements)
        } else if creators > self.creators {
            Err(DataSetError::PrivateCreators)
        } else {
            Ok(())
        }
    }
}
