//! Rows of one statement: the JSON text of every cell in one buffer, cells as byte ranges.
//!
//! A chunk is written once, by the adapter that decodes the driver's raw values, and then only read and shared.
//! So a cell is decoded once, joins compare ranges of the buffer, and output copies them.

use std::sync::Arc;

/// Rows of equal columns. Cell texts stand one after the other, row by row.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    bytes: Vec<u8>,
    /// Where each cell ends; a cell starts where the one before it ends.
    ends: Vec<u32>,
    columns: usize,
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
        let at = row * self.columns + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start..self.ends[at] as usize]
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
        let end_before = |row: u32| match row as usize * self.columns {
            0 => 0,
            cell => self.ends[cell - 1] as usize,
        };
        end_before(start + len) - end_before(start)
    }

    /// A chunk of its own for `len` rows from `start`, so that a remembered row does not keep its whole batch alive.
    pub fn slice(&self, start: usize, len: usize) -> Arc<Chunk> {
        let first_cell = start * self.columns;
        let last_cell = (start + len) * self.columns;
        let from = if first_cell == 0 { 0 } else { self.ends[first_cell - 1] };
        let to = if last_cell == 0 { 0 } else { self.ends[last_cell - 1] };
        Arc::new(Chunk {
            bytes: self.bytes[from as usize..to as usize].to_vec(),
            ends: self.ends[first_cell..last_cell].iter().map(|end| end - from).collect(),
            columns: self.columns,
            rows: len,
            ordinals: Vec::new(),
        })
    }

    /// The rows for which `keep` holds, in order.
    pub fn retain(&self, keep: impl Fn(usize) -> bool) -> Chunk {
        self.copied((0..self.rows).filter(|row| keep(*row)), &(0..self.columns).collect::<Vec<_>>())
    }

    /// All rows in another order.
    pub fn reordered(&self, order: &[usize]) -> Chunk {
        self.copied(order.iter().copied(), &(0..self.columns).collect::<Vec<_>>())
    }

    /// All rows with only these cells.
    pub fn projected(&self, cells: &[usize]) -> Chunk {
        self.copied(0..self.rows, cells)
    }

    fn copied(&self, rows: impl Iterator<Item = usize>, cells: &[usize]) -> Chunk {
        let mut builder = ChunkBuilder::new(cells.len());
        for row in rows {
            for cell in cells {
                builder.out().extend_from_slice(self.cell(row, *cell));
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
        self.columns == other.columns
            && (0..self.columns).all(|column| self.cell(row, column) == other.cell(other_row, column))
    }
}

/// Writes a [`Chunk`] cell by cell.
#[derive(Debug)]
pub struct ChunkBuilder {
    chunk: Chunk,
    /// A cell did not fit any more and was left out: the chunk is not to be used.
    overflown: bool,
}

impl ChunkBuilder {
    /// An empty chunk of `columns` columns.
    pub fn new(columns: usize) -> Self {
        Self { chunk: Chunk { columns, ..Chunk::default() }, overflown: false }
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
        self.chunk.rows = match self.chunk.columns {
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
        let mut builder = ChunkBuilder::new(2);
        for (row, texts) in [["1", "\"a\""], ["2", "null"], ["3", "\"c\""]].iter().enumerate() {
            for text in texts {
                builder.out().extend_from_slice(text.as_bytes());
                builder.end_cell();
            }
            builder.ordinal(row as u32 / 2);
        }
        let chunk = builder.finish();
        assert_eq!((chunk.rows(), chunk.cell(1, 0), chunk.cell(2, 1)), (3, &b"2"[..], &b"\"c\""[..]));
        let slice = chunk.slice(1, 2);
        assert_eq!((slice.rows(), slice.cell(0, 0), slice.cell(1, 1)), (2, &b"2"[..], &b"\"c\""[..]));
        let kept = chunk.retain(|row| row != 1);
        assert_eq!((kept.rows(), kept.cell(1, 0), kept.ordinals()), (2, &b"3"[..], &[0, 1][..]));
    }
}
