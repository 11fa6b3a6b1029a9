//! Rows of one statement: the JSON text of every cell in one buffer, cells as byte ranges.
//!
//! A chunk is written once, by the adapter that decodes the driver's raw values, and then only read and shared.
//! So a cell is decoded once, and joins compare ranges of the buffer. Before each column's cell stands its name, so that
//! neighbouring columns are members of a JSON object as they stand, and output copies them together.

use std::ops::RangeInclusive;
use std::sync::Arc;

/// What stands before the cells of each row, column by column: `,"email":`, or nothing.
pub type Layout = Arc<[Arc<[u8]>]>;

/// Bytes of a usual cell, to reserve.
const USUAL_CELL: usize = 16;

/// Rows of equal columns. Names and cell texts stand one after the other, row by row.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    bytes: Vec<u8>,
    /// Where each cell ends; behind it stands the next one's name.
    ends: Vec<u32>,
    layout: Layout,
    rows: usize,
    /// For lookups: which key of the statement each row belongs to.
    ordinals: Vec<u32>,
}

impl Chunk {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The JSON text of one cell.
    #[inline]
    pub fn cell(&self, row: usize, column: usize) -> &[u8] {
        let text = self.members(row, column..=column);
        &text[self.layout[column].len()..]
    }

    /// The text of neighbouring cells of a row, each behind its name.
    #[inline]
    pub fn members(&self, row: usize, columns: RangeInclusive<usize>) -> &[u8] {
        let first = row * self.layout.len();
        &self.bytes[self.end_before(first + columns.start())..self.ends[first + columns.end()] as usize]
    }

    fn end_before(&self, cell: usize) -> usize {
        if cell == 0 { 0 } else { self.ends[cell - 1] as usize }
    }

    /// The key position of each row, in row order; empty where the statement had no keys.
    pub fn ordinals(&self) -> &[u32] {
        &self.ordinals
    }

    /// Bytes of memory held, for the cache's bound.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.bytes.capacity() + 4 * (self.ends.capacity() + self.ordinals.capacity())
    }

    /// Bytes of the text of `len` rows from `start`.
    pub fn bytes_of(&self, start: u32, len: u32) -> usize {
        let end_before = |row: u32| self.end_before(row as usize * self.layout.len());
        end_before(start + len) - end_before(start)
    }

    /// A chunk of its own for `len` rows from `start`, so that a remembered row does not keep its whole batch alive.
    pub fn slice(&self, start: usize, len: usize) -> Arc<Chunk> {
        let [first_cell, last_cell] = [start, start + len].map(|row| row * self.layout.len());
        let from = self.end_before(first_cell);
        Arc::new(Chunk {
            bytes: self.bytes[from..self.end_before(last_cell)].to_vec(),
            ends: self.ends[first_cell..last_cell].iter().map(|end| end - from as u32).collect(),
            layout: self.layout.clone(),
            rows: len,
            ordinals: Vec::new(),
        })
    }

    /// The rows for which `keep` holds, in order.
    pub fn retain(&self, keep: impl Fn(usize) -> bool) -> Chunk {
        self.copied((0..self.rows).filter(|row| keep(*row)), self.layout.clone(), 0..self.layout.len())
    }

    /// The rows of several chunks of this layout, one after the other.
    pub fn joined(layout: Layout, mut parts: Vec<Chunk>) -> Chunk {
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return only;
        }
        let mut builder = ChunkBuilder::new(layout);
        for part in parts {
            for row in 0..part.rows {
                for cell in 0..part.layout.len() {
                    builder.out().extend_from_slice(part.cell(row, cell));
                    builder.end_cell();
                }
                if part.layout.is_empty() {
                    builder.ordinal(0);
                }
            }
        }
        builder.finish()
    }

    /// All rows in another order.
    pub fn reordered(&self, order: &[usize]) -> Chunk {
        self.copied(order.iter().copied(), self.layout.clone(), 0..self.layout.len())
    }

    /// All rows with only these cells.
    pub fn projected(&self, cells: &[usize]) -> Chunk {
        let layout = cells.iter().map(|cell| self.layout[*cell].clone()).collect();
        self.copied(0..self.rows, layout, cells.iter().copied())
    }

    fn copied(
        &self,
        rows: impl Iterator<Item = usize>,
        layout: Layout,
        cells: impl Iterator<Item = usize> + Clone,
    ) -> Chunk {
        let mut builder = ChunkBuilder::new(layout);
        for row in rows {
            for cell in cells.clone() {
                builder.out().extend_from_slice(self.cell(row, cell));
                builder.end_cell();
            }
            if let Some(ordinal) = self.ordinals.get(row) {
                builder.ordinal(*ordinal);
            }
        }
        builder.finish()
    }

    /// Whether two rows have the same text in every cell.
    pub fn same_row(&self, row: usize, other: &Chunk, other_row: usize) -> bool {
        self.layout.len() == other.layout.len()
            && (0..self.layout.len()).all(|column| self.cell(row, column) == other.cell(other_row, column))
    }
}

/// Writes a [`Chunk`] cell by cell.
#[derive(Debug)]
pub struct ChunkBuilder {
    chunk: Chunk,
    /// The column whose cell is written next.
    column: usize,
    /// A cell did not fit any more and was left out: the chunk is not to be used.
    overflown: bool,
}

impl ChunkBuilder {
    /// An empty chunk of such columns.
    pub fn new(layout: Layout) -> Self {
        // Room for a usual row, which most often is the only one.
        let names: usize = layout.iter().map(|name| name.len()).sum();
        let bytes = Vec::with_capacity(names + layout.len() * USUAL_CELL);
        let ends = Vec::with_capacity(layout.len());
        let chunk = Chunk { bytes, ends, layout, ..Chunk::default() };
        let mut builder = Self { chunk, column: 0, overflown: false };
        builder.write_name();
        builder
    }

    #[inline]
    fn write_name(&mut self) {
        if let Some(name) = self.chunk.layout.get(self.column) {
            self.chunk.bytes.extend_from_slice(name);
        }
    }

    /// The buffer, to which the next cell's JSON text is appended.
    #[inline]
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.chunk.bytes
    }

    /// Ends the cell that was just written.
    #[inline]
    pub fn end_cell(&mut self) {
        match u32::try_from(self.chunk.bytes.len()) {
            Ok(end) => self.chunk.ends.push(end),
            Err(_) => {
                let end = self.chunk.ends.last().copied().unwrap_or_default();
                self.chunk.bytes.truncate(end as usize);
                self.chunk.ends.push(end);
                self.overflown = true;
            }
        }
        self.column = if self.column + 1 < self.chunk.layout.len() { self.column + 1 } else { 0 };
        self.write_name();
    }

    /// Bytes of text so far, which whoever writes keeps within bounds; beyond 4 GiB only that they are too many.
    #[inline]
    pub fn size(&self) -> u64 {
        if self.overflown { u64::MAX } else { self.chunk.bytes.len() as u64 }
    }

    /// Says which key the current row belongs to.
    #[inline]
    pub fn ordinal(&mut self, ordinal: u32) {
        self.chunk.ordinals.push(ordinal);
    }

    /// The finished chunk.
    pub fn finish(mut self) -> Chunk {
        // The name of a cell that did not come.
        self.chunk.bytes.truncate(self.chunk.ends.last().map_or(0, |end| *end as usize));
        self.chunk.rows = match self.chunk.layout.len() {
            0 => self.chunk.ordinals.len(),
            columns => self.chunk.ends.len() / columns,
        };
        self.chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_written() {
        let mut builder = ChunkBuilder::new([b",\"id\":", &b""[..]].map(Arc::from).into());
        for (row, texts) in [["1", "\"a\""], ["2", "null"], ["3", "\"c\""]].iter().enumerate() {
            for text in texts {
                builder.out().extend_from_slice(text.as_bytes());
                builder.end_cell();
            }
            builder.ordinal(row as u32 / 2);
        }
        let chunk = builder.finish();
        assert_eq!((chunk.rows(), chunk.cell(1, 0), chunk.cell(2, 1)), (3, &b"2"[..], &b"\"c\""[..]));
        assert_eq!(chunk.members(1, 0..=1), b",\"id\":2null");
        let slice = chunk.slice(1, 2);
        assert_eq!((slice.rows(), slice.cell(0, 0), slice.cell(1, 1)), (2, &b"2"[..], &b"\"c\""[..]));
        assert_eq!(slice.members(1, 0..=0), b",\"id\":3");
        assert_eq!(slice.projected(&[1, 0]).members(0, 0..=1), b"null,\"id\":2");
        let kept = chunk.retain(|row| row != 1);
        assert_eq!((kept.rows(), kept.cell(1, 0), kept.ordinals()), (2, &b"3"[..], &[0, 1][..]));
    }
}
