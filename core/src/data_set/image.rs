//! What an image says of its size, held against its pixel data and tables (PS3.3 sections C.7.6.3,
//! C.7.9, C.11.1 and C.11.2).

use super::Tag;
use super::header::{Length, Vr};

/// The longest value that an element can have, and so the largest frame: readers that compute sizes
/// in 32 bits allocate too little for a larger one.
const LONGEST: u64 = u32::MAX as u64 - 1;
/// The most bytes of a number of frames: IS has 12, devices pad it.
const FRAMES_AT_MOST: u32 = 64;
/// A descriptor has three numbers: entries, the first value mapped, and bits.
const DESCRIPTOR: u32 = 6;
/// Entries of tables whose descriptor has a zero for them.
const ALL_ENTRIES: u32 = 0x1_0000;

/// What an element is to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Samples,
    Rows,
    Columns,
    Allocated,
    /// Bits Stored, High Bit or Planar Configuration: one number, which makes nothing larger.
    Other,
    Frames,
    /// What the table of this place is.
    Descriptor(usize),
    Table(usize),
    Pixels,
}

impl Part {
    pub(super) const fn of(tag: Tag) -> Option<Self> {
        Some(match tag.value() {
            0x0028_0002 => Self::Samples,
            0x0028_0008 => Self::Frames,
            0x0028_0010 => Self::Rows,
            0x0028_0011 => Self::Columns,
            0x0028_0100 => Self::Allocated,
            0x0028_0006 | 0x0028_0101 | 0x0028_0102 => Self::Other,
            0x0028_1101 => Self::Descriptor(0),
            0x0028_1102 => Self::Descriptor(1),
            0x0028_1103 => Self::Descriptor(2),
            0x0028_3002 => Self::Descriptor(3),
            0x0028_1201 => Self::Table(0),
            0x0028_1202 => Self::Table(1),
            0x0028_1203 => Self::Table(2),
            0x0028_3006 => Self::Table(3),
            0x7fe0_0008..=0x7fe0_0010 if tag.element() != 0x000f => Self::Pixels,
            _ => return None,
        })
    }

    /// Whether it may be written so; without letters it is Implicit VR. What archives did not know
    /// is UN there.
    pub(super) fn fits(self, vr: Option<Vr>, letters: [u8; 2], length: Length) -> bool {
        let is_one_of =
            |known: &[[u8; 2]]| matches!(vr, None | Some(Vr::Unknown)) || known.contains(&letters);
        let has = |right: u32| length == Length::Defined(0) || length == Length::Defined(right);
        match self {
            Self::Samples | Self::Rows | Self::Columns | Self::Allocated | Self::Other => {
                is_one_of(&[*b"US"]) && has(2)
            }
            Self::Descriptor(_) => is_one_of(&[*b"US", *b"SS"]) && has(DESCRIPTOR),
            Self::Frames => {
                is_one_of(&[*b"IS"])
                    && matches!(length, Length::Defined(length) if length <= FRAMES_AT_MOST)
            }
            Self::Table(_) => is_one_of(&[*b"OW", *b"US", *b"SS", *b"OB"]),
            Self::Pixels => true,
        }
    }
}

/// What is wrong with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It cannot be so.
    Impossible,
    /// There is less than it says, and readers differ on what follows from that.
    Short,
    /// It is untidy, and understood alike.
    Form,
}

/// What was said of the image in a data set or item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    samples: Option<u16>,
    rows: Option<u16>,
    columns: Option<u16>,
    allocated: Option<u16>,
    frames: Option<u32>,
    pixels: Option<Pixels>,
    tables: [Table; 4],
}

#[derive(Clone, Copy, Debug)]
enum Pixels {
    Encapsulated,
    /// So many bytes.
    Native(u32),
}

/// The descriptor of a table.
#[derive(Clone, Copy, Debug)]
struct Table {
    /// Zero stands for [`ALL_ENTRIES`].
    entries: u16,
    /// The bits of an entry, as far as they matter; zero where there was no descriptor.
    bits: u8,
}

impl Image {
    pub(super) const NONE: Self = Self {
        samples: None,
        rows: None,
        columns: None,
        allocated: None,
        frames: None,
        pixels: None,
        tables: [Table { entries: 0, bits: 0 }; 4],
    };

    /// Notes the value of a part that says how large something is.
    pub(super) fn note(&mut self, part: Part, value: &[u8], is_big: bool) -> Result<(), Fault> {
        let number = |at: usize| {
            let bytes = value.get(at..at + 2)?.try_into().ok()?;
            Some(if is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
        };
        match part {
            Part::Samples => self.samples = number(0),
            Part::Rows => self.rows = number(0),
            Part::Columns => self.columns = number(0),
            Part::Allocated => self.allocated = number(0),
            Part::Frames => return self.note_frames(value),
            Part::Descriptor(place) => {
                let of = self.tables.get_mut(place);
                if let (Some(table), Some(entries), Some(bits)) = (of, number(0), number(4)) {
                    let bits = u8::try_from(bits.max(1)).unwrap_or(u8::MAX);
                    *table = Table { entries, bits };
                }
            }
            Part::Other | Part::Table(_) | Part::Pixels => return Ok(()),
        }
        self.judge()
    }

    /// Readers take what begins as a number for that number, and none for one frame.
    fn note_frames(&mut self, value: &[u8]) -> Result<(), Fault> {
        let text = value.trim_ascii_start();
        let text = text.strip_prefix(b"+").unwrap_or(text);
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
        let ten_times = |sum: u32, digit: &u8| {
            sum.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0')))
        };
        let frames = digits.fold(0, ten_times);
        self.frames = Some(frames.max(1));
        self.judge()?;
        if value.contains(&b'\\') {
            return Err(Fault::Impossible);
        }
        let is_said = value.iter().any(|byte| !matches!(byte, 0 | b' '));
        if is_said && frames == 0 { Err(Fault::Form) } else { Ok(()) }
    }

    /// Notes pixel data; what is empty is not there.
    pub(super) fn note_pixels(&mut self, length: Length) -> Result<(), Fault> {
        self.pixels = match length {
            Length::Undefined => Some(Pixels::Encapsulated),
            Length::Defined(0) => return Ok(()),
            Length::Defined(length) => Some(Pixels::Native(length)),
        };
        self.judge()
    }

    /// Judges a table by its descriptor; what is empty is not there.
    pub(super) fn judge_table(&self, place: usize, length: Length) -> Result<(), Fault> {
        let Length::Defined(length @ 1..) = length else { return Ok(()) };
        let Some(&Table { entries, bits: bits @ 1.. }) = self.tables.get(place) else {
            return Ok(());
        };
        let entries = if entries == 0 { ALL_ENTRIES } else { u32::from(entries) };
        // One byte may hold an entry of up to eight bits, and two may as well.
        let least = if bits <= 8 { entries } else { 2 * entries };
        if length < least {
            Err(Fault::Short)
        } else if length > 2 * entries {
            Err(Fault::Form)
        } else {
            Ok(())
        }
    }

    /// Judges what is known, as soon as there is pixel data and all that says how large it is.
    fn judge(&self) -> Result<(), Fault> {
        let (Some(samples), Some(rows)) = (self.samples, self.rows) else { return Ok(()) };
        let (Some(columns), Some(bits)) = (self.columns, self.allocated) else { return Ok(()) };
        let Some(pixels) = self.pixels else { return Ok(()) };
        // Four numbers of 16 bits make one of 64.
        let bits_of_frame: u64 =
            [rows, columns, samples, bits].into_iter().map(u64::from).product();
        if bits_of_frame == 0 {
            return Err(Fault::Impossible);
        }
        let whole = match pixels {
            Pixels::Encapsulated => bits_of_frame,
            Pixels::Native(_) => bits_of_frame.saturating_mul(self.frames.unwrap_or(1).into()),
        };
        let whole = whole.div_ceil(8);
        if whole > LONGEST {
            return Err(Fault::Impossible);
        }
        let Pixels::Native(length) = pixels else { return Ok(()) };
        let length = u64::from(length);
        // Two pixels of YBR_FULL_422 share what is not brightness (PS3.3 section C.7.6.3.1.2).
        let shared = (whole / 3 * 2).next_multiple_of(2);
        if length < whole && !(samples == 3 && length == shared) {
            Err(Fault::Short)
        } else if length > whole.next_multiple_of(2) {
            Err(Fault::Form)
        } else {
            Ok(())
        }
    }
}
