//! The rows of an answer: shared rows of shared chunks, and per relationship which row has which related rows.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::execute::aggregate::Grouped;
use crate::value::Chunk;

/// A row of a chunk.
#[derive(Clone, Debug)]
pub struct RowRef {
    /// The chunk, shared with the cache and with other requests.
    pub chunk: Arc<Chunk>,
    /// The row in it.
    pub row: u32,
}

impl RowRef {
    /// All rows of a chunk.
    pub fn all(chunk: &Arc<Chunk>) -> impl Iterator<Item = Self> {
        (0..chunk.rows() as u32).map(|row| Self { chunk: chunk.clone(), row })
    }

    /// The same of a chunk that nobody else has.
    pub fn of(chunk: Chunk) -> Vec<Self> {
        Self::all(&Arc::new(chunk)).collect()
    }

    /// The JSON text of a cell.
    #[inline]
    pub fn cell(&self, cell: usize) -> &[u8] {
        self.chunk.cell(self.row as usize, cell)
    }

    /// The JSON text of neighbouring cells, each behind its column's name.
    #[inline]
    pub fn members(&self, cells: RangeInclusive<usize>) -> &[u8] {
        self.chunk.members(self.row as usize, cells)
    }

    /// Whether another row of the same step has the same cells.
    pub fn same_cells(&self, other: &RowRef) -> bool {
        self.chunk.same_row(self.row as usize, &other.chunk, other.row as usize)
    }
}

/// Rows found for one key.
#[derive(Clone)]
pub struct Found {
    /// The rows and others beside them.
    pub chunk: Arc<Chunk>,
    /// The first one.
    pub start: u32,
    /// How many.
    pub len: u32,
}

/// All rows that one step found, each once, and what hangs on them.
#[derive(Debug, Default)]
pub struct Level {
    /// The rows.
    pub rows: Vec<RowRef>,
    /// One entry per embed of the step.
    pub nested: Vec<Nested>,
    /// One entry per aggregate embed of the step.
    pub aggregates: Vec<Grouped>,
    /// One entry per expansion of the step; a row has one link per leaf, [`NONE`] where no row is referred to.
    pub expanded: Vec<Nested>,
}

/// A link to no row.
pub const NONE: u32 = u32::MAX;

/// Which rows of the level below belong to which row of the level above.
#[derive(Debug, Default)]
pub struct Nested {
    /// Row `i` above has `items[offsets[i]..offsets[i + 1]]`.
    pub links: Links,
    /// The rows below.
    pub level: Level,
}

/// For each near row, the positions of its far rows: one list of all positions, and where each row's part starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    offsets: Vec<u32>,
    items: Vec<u32>,
}

impl Links {
    /// No near rows yet.
    pub fn with_capacity(rows: usize, items: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { offsets, items: Vec::with_capacity(items) }
    }

    /// Each of `rows` near rows gets the far rows that name it, in their order; no more than `most`.
    pub fn grouped(rows: usize, near: impl ExactSizeIterator<Item = usize>, most: usize) -> Self {
        let mut links = Self::with_capacity(rows, near.len());
        let mut groups: Vec<Vec<u32>> = vec![Vec::new(); rows];
        near.enumerate().for_each(|(far, near)| groups[near].push(far as u32));
        for group in groups {
            links.items.extend(group.into_iter().take(most));
            links.end_row();
        }
        links
    }

    /// Adds a far row to the current near row.
    pub fn push(&mut self, item: u32) {
        self.items.push(item);
    }

    /// Ends the current near row.
    pub fn end_row(&mut self) {
        self.offsets.push(self.items.len() as u32);
    }

    /// The far rows of the current, unfinished near row.
    pub fn current(&mut self) -> &mut Vec<u32> {
        &mut self.items
    }

    /// The far rows of a near row.
    #[inline]
    pub fn of(&self, row: usize) -> &[u32] {
        &self.items[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.items.len()
    }

    /// Number of near rows.
    pub fn rows(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// A near row for each of `rows`, all without far rows.
    pub fn empty(rows: usize) -> Self {
        Self { offsets: vec![0; rows + 1], items: Vec::new() }
    }
}

impl Level {
    /// Number of rows in the answer, counting shared rows as often as they are shown; saturates.
    pub fn shown(&self) -> u64 {
        self.row_weights().into_iter().fold(0, u64::saturating_add)
    }

    /// Per row, itself and the rows shown below it.
    fn row_weights(&self) -> Vec<u64> {
        let mut weights = vec![1u64; self.rows.len()];
        for nested in self.nested.iter().chain(&self.expanded) {
            for (weight, below) in weights.iter_mut().zip(nested.weights()) {
                *weight = weight.saturating_add(below);
            }
        }
        weights
    }
}

impl Nested {
    /// Per near row, the rows shown below it.
    fn weights(&self) -> Vec<u64> {
        let below = self.level.row_weights();
        (0..self.links.rows())
            .map(|row| {
                let links = self.links.of(row).iter().filter(|item| **item != NONE);
                links.fold(0u64, |sum, item| sum.saturating_add(below[*item as usize]))
            })
            .collect()
    }
}
