//! Decisions, one after another, out of bytes.

/// The bytes of a seed: the same on every machine.
pub fn bytes_of_seed(seed: u64) -> Vec<u8> {
    /// Enough for the largest text that a generator makes of them.
    const BYTES: usize = 1_024;
    let draws = asl::query::Draws::new(seed);
    let words = std::iter::repeat_with(|| draws.next_u64().to_le_bytes());
    words.flatten().take(BYTES).collect()
}

/// A stream of decisions. Used up, it always decides for the first: generators put there what
/// is smallest, so that they end.
#[derive(Clone, Debug)]
pub struct Choices<'b> {
    bytes: &'b [u8],
}

impl<'b> Choices<'b> {
    /// Decisions out of these bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `bound`, which is from 1 to 65,536.
    pub fn below(&mut self, bound: usize) -> usize {
        let number = match bound {
            0..=256 => usize::from(self.byte()),
            _ => usize::from(u16::from_le_bytes([self.byte(), self.byte()])),
        };
        number % bound.max(1)
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of these.
    pub fn pick<'t, T>(&mut self, among: &'t [T]) -> &'t T {
        &among[self.below(among.len())]
    }

    /// What is left, as text: whatever it says.
    pub fn rest(&mut self) -> String {
        let rest = std::mem::take(&mut self.bytes);
        String::from_utf8_lossy(rest).into_owned()
    }
}
