//! What one source is told. Self-contained: a statement names columns by their types and carries every value to bind.

pub mod journal;
pub mod write;

use std::sync::Arc;

use crate::name::{PathStep, TableName};
use crate::value::{Column, Layout, Scalar};

/// Reads rows of one table.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Fetch {
    /// The table or view.
    pub table: TableName,
    /// What each row gives, in order.
    pub outputs: Vec<Output>,
    /// A lookup: only rows that hold one of these keys, each with its key's position.
    pub keys: Option<KeySet>,
    /// Which rows.
    pub condition: Option<Condition>,
    /// Columns to group by, for aggregates.
    pub group: Vec<Arc<Column>>,
    /// Which groups, of a fetch that is grouped by columns or by keys.
    pub having: Option<Having>,
    /// Order of the rows; within each key for a lookup.
    pub order: Vec<Order>,
    /// First rows only; per key for a lookup.
    pub limit: Option<u64>,
    /// Rows to skip; per key for a lookup.
    pub offset: u64,
    /// Columns that tell each row from all others and are never NULL; none where there are no such columns.
    pub identity: Vec<Arc<Column>>,
    /// The most rows that may come back; one more is an error, never a cut answer.
    pub max_rows: u64,
    /// The most bytes that their cells may have as JSON text.
    pub max_bytes: u64,
}

impl Fetch {
    /// Whether each row that comes stands for several.
    pub fn is_grouped(&self) -> bool {
        !self.group.is_empty() || self.outputs.iter().any(|output| matches!(output, Output::Aggregate(..)))
    }

    /// Whether which rows come, or in which order, depends on another table too.
    pub fn depends_on_others(&self) -> bool {
        self.condition.as_ref().is_some_and(Condition::depends_on_others)
            || self.order.iter().any(|order| matches!(order.by, Output::Via(_)))
    }

    /// What stands before each cell: the columns' names.
    pub fn layout(&self) -> Layout {
        let name = |output: &Output| match output {
            Output::Column(column) => column.member.clone(),
            _ => Arc::default(),
        };
        self.outputs.iter().map(name).collect()
    }

    /// All rows of a table, within these bounds.
    pub fn all(table: TableName, outputs: Vec<Output>, max_rows: u64, max_bytes: u64) -> Self {
        Self {
            table,
            outputs,
            keys: None,
            condition: None,
            group: Vec::new(),
            having: None,
            order: Vec::new(),
            limit: None,
            offset: 0,
            identity: Vec::new(),
            max_rows,
            max_bytes,
        }
    }
}

/// One cell of each row.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Output {
    /// A column as it stands.
    Column(Arc<Column>),
    /// An aggregate over the group.
    Aggregate(Aggregate, Option<Arc<Column>>),
    /// How many rows there are, or groups where the fetch is grouped; then it is the only output.
    Total,
    /// Whether a condition holds: 1 or 0, or NULL where that is unknown.
    Test(Condition),
    /// The row's place in an order among all rows of the statement, from 1 on; rows that are equal in it share one.
    Rank(Vec<Order>),
    /// A column of the one row that the row refers to within its database. Only to order by.
    Via(Arc<Via>),
}

/// A way along keys of one database that lead to one row each, and the column at its end.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Via {
    /// The steps, one after the other.
    pub steps: Vec<ViaStep>,
    /// The column of the last step's table.
    pub column: Arc<Column>,
}

/// One step of such a way.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct ViaStep {
    /// The referring columns, of the table before.
    pub near: Vec<Arc<Column>>,
    /// The table that is referred to.
    pub table: TableName,
    /// Its columns, which are unique.
    pub columns: Vec<Arc<Column>>,
}

/// A condition on a group's aggregate.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Having {
    /// The aggregate, and its column or all rows.
    pub aggregate: (Aggregate, Option<Arc<Column>>),
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: Scalar,
    /// The type of the aggregate, as a column of it would have it.
    pub ty: Arc<Column>,
    /// Groups for which this does not hold, an unknown outcome included.
    pub negated: bool,
}

/// An aggregate function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Number of rows, or of values that are not NULL.
    Count,
    /// Sum of the values.
    Sum,
    /// Mean of the values.
    Avg,
    /// Least value.
    Min,
    /// Greatest value.
    Max,
}

impl Aggregate {
    /// The function of a name, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_uppercase().as_str() {
            "COUNT" => Aggregate::Count,
            "SUM" => Aggregate::Sum,
            "AVG" => Aggregate::Avg,
            "MIN" => Aggregate::Min,
            "MAX" => Aggregate::Max,
            _ => return None,
        })
    }

    /// The function's name in SQL and in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Aggregate::Count => "COUNT",
            Aggregate::Sum => "SUM",
            Aggregate::Avg => "AVG",
            Aggregate::Min => "MIN",
            Aggregate::Max => "MAX",
        }
    }
}

/// The keys of a lookup.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct KeySet {
    /// The columns that hold the key.
    pub columns: Vec<KeyColumn>,
    /// Per key, one value a column, in order of position.
    pub keys: Vec<SmallKey>,
    /// At most one row per key: the columns are unique.
    pub unique: bool,
    /// Rows come in the fetch's order across all keys, so that a row's place is its rank.
    pub ranked: bool,
    /// Further columns that must have fixed values (polymorphic keys).
    pub when: Vec<(Arc<Column>, Scalar)>,
    /// One row per group of keys, with aggregates, instead of each row that was found.
    pub groups: Option<Groups>,
}

/// How the keys of a lookup are grouped.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Groups {
    /// Each key by itself.
    Keys,
    /// Per key, the number of its group, which takes the place of the key's position.
    Numbered(Vec<u32>),
}

/// The values of one key, one a column.
pub type SmallKey = smallvec::SmallVec<[Scalar; 1]>;

/// One column of a lookup's key.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct KeyColumn {
    /// The column, or the JSON column that the path starts in.
    pub column: Arc<Column>,
    /// Steps into a JSON document; empty for a plain column.
    pub path: Vec<PathStep>,
    /// How the column's value must equal the key's.
    pub matching: Matching,
}

/// How a lookup compares a column with a key value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Matching {
    /// By the column's own `=`.
    Own,
    /// By the column's own `=`, which uses the index, and bytewise.
    Exact,
    /// Ignoring the case of ASCII letters, by the column's collation or an index on `lower(c)`. May give too many rows.
    IgnoreCase,
    /// Leaves of a JSON document that are numbers, or texts that spell one. May give too many rows, and a row twice.
    LeafNumber,
    /// Leaves of a JSON document that are texts. May give a row twice.
    LeafText,
    /// As `LeafText`, ignoring the case of letters.
    LeafIgnoreCase,
}

/// A pattern with `%` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Its text.
    pub text: Arc<str>,
    /// A backslash takes the character behind it as it stands; else it is one itself.
    pub escapes: bool,
}

impl Pattern {
    /// The text for engines in whose patterns a backslash escapes.
    pub fn escaped(&self) -> String {
        if self.escapes { self.text.to_string() } else { self.text.replace('\\', "\\\\") }
    }
}

/// Which letters a pattern takes for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// As the column's own rules say.
    AsTheDatabase,
    /// Upper and lower ones.
    Ignored,
}

/// A condition on the columns of the fetched table.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Condition {
    /// All of them; true when empty.
    All(Vec<Condition>),
    /// At least one of them; false when empty.
    Any(Vec<Condition>),
    /// Not this one.
    Not(Box<Condition>),
    /// Exactly one of the two.
    Xor(Box<Condition>, Box<Condition>),
    /// A comparison with one value.
    Compare(Arc<Column>, Comparison, Scalar),
    /// Equal to one of the values.
    In(Arc<Column>, Vec<Scalar>),
    /// A pattern with `%` and `_`, by the database's own LIKE.
    Like(Arc<Column>, Pattern, Case),
    /// The same for whatever value the column has; unknown, as all comparisons are, where it has none.
    Whatever(Arc<Column>, bool),
    /// No value.
    IsNull(Arc<Column>),
    /// Within both bounds, inclusive.
    Between(Arc<Column>, Scalar, Scalar),
    /// The columns hold one of these keys; false, never unknown, where one of them has no value.
    Among(Arc<KeySet>),
    /// The columns have the values that these rows of the same source have; false, never unknown, where one of them has
    /// no value.
    Within(Vec<Arc<Column>>, Arc<Within>),
}

/// Rows of another table of the same source, for [`Condition::Within`].
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Within {
    /// Their table.
    pub table: TableName,
    /// The columns that are compared.
    pub columns: Vec<Arc<Column>>,
    /// Which rows.
    pub condition: Condition,
    /// Which groups of rows that have the same values.
    pub having: Option<Having>,
}

impl Condition {
    fn depends_on_others(&self) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(Condition::depends_on_others),
            Condition::Not(part) => part.depends_on_others(),
            Condition::Xor(a, b) => a.depends_on_others() || b.depends_on_others(),
            Condition::Within(..) => true,
            Condition::Compare(..)
            | Condition::In(..)
            | Condition::Whatever(..)
            | Condition::Like(..)
            | Condition::IsNull(_)
            | Condition::Between(..)
            | Condition::Among(_) => false,
        }
    }
}

/// A comparison of a column with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Comparison {
    /// The comparison that holds exactly where this one does not, between values that both exist.
    pub fn opposite(self) -> Self {
        match self {
            Comparison::Eq => Comparison::Ne,
            Comparison::Ne => Comparison::Eq,
            Comparison::Lt => Comparison::Ge,
            Comparison::Le => Comparison::Gt,
            Comparison::Gt => Comparison::Le,
            Comparison::Ge => Comparison::Lt,
        }
    }

    /// The operator in SQL.
    pub fn as_sql(self) -> &'static str {
        match self {
            Comparison::Eq => "=",
            Comparison::Ne => "<>",
            Comparison::Lt => "<",
            Comparison::Le => "<=",
            Comparison::Gt => ">",
            Comparison::Ge => ">=",
        }
    }
}

/// One term of an order.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Order {
    /// The column, one behind a reference, or the aggregate of a grouped fetch.
    pub by: Output,
    /// Greatest first.
    pub descending: bool,
    /// Where NULLs stand; as the engine has it when absent.
    pub nulls: Option<Nulls>,
}

impl Order {
    /// By a column, the least first.
    pub fn ascending(column: Arc<Column>) -> Self {
        Self { by: Output::Column(column), descending: false, nulls: None }
    }
}

/// Where NULLs stand in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before all values.
    First,
    /// After all values.
    Last,
}
