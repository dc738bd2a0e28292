//! What can be wrong with an input. Every door function returns one of these; none of them panics on its input.

use std::fmt;

/// Which Python exception an error becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Encoding,
    Point,
    Domain,
    /// The operating system refused; `errno` says what.
    System,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A buffer that is not a whole number of elements.
    PartialElement {
        what: &'static str,
        size: usize,
        found: usize,
    },
    /// A vector of the wrong number of elements.
    Count {
        what: &'static str,
        expected: usize,
        found: usize,
    },
    /// A field element that is not below its modulus.
    NotCanonical {
        what: &'static str,
        index: usize,
    },
    /// A point with a coordinate that is not below the modulus.
    Coordinate {
        index: usize,
    },
    NotOnCurve {
        index: usize,
    },
    NotInSubgroup {
        index: usize,
    },
    /// The point at infinity where there must be another, or flags that no compressed point has.
    Infinity {
        index: usize,
    },
    /// A zero where an inverse is wanted.
    NoInverse {
        index: usize,
    },
    ZeroCoset,
    Arity {
        found: usize,
    },
    Matrix {
        reason: &'static str,
    },
    /// A native key file that breaks its format.
    NativeKey {
        reason: &'static str,
    },
    /// The first wire of a witness, which is the constant.
    NotOne,
    /// A file that could not be read, mapped or written.
    System {
        kind: std::io::ErrorKind,
        code: Option<i32>,
    },
    /// A witness program that breaks its format; `op` is the operation at fault, where one is.
    Program {
        reason: &'static str,
        op: Option<usize>,
    },
    /// A transform length that is no power of two, or more than the field has roots for.
    TransformLength {
        size: usize,
    },
    /// A tree node of a number of children that none has.
    Children {
        found: usize,
    },
    TreeDepth {
        depth: usize,
        most: usize,
    },
    /// A leaf that is neither in a tree nor the next one.
    NoLeaf {
        index: u64,
    },
    /// A leaf that one change names twice.
    LeafTwice {
        index: u64,
    },
    OutsideTree {
        index: u64,
    },
    NoNodes {
        level: usize,
        start: usize,
        count: usize,
    },
    TreeFull {
        leaves: usize,
        depth: usize,
    },
}

impl Error {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Coordinate { .. } | Self::NotOnCurve { .. } | Self::NotInSubgroup { .. } | Self::Infinity { .. } => {
                Kind::Point
            }
            Self::TransformLength { .. }
            | Self::Children { .. }
            | Self::TreeDepth { .. }
            | Self::TreeFull { .. }
            | Self::NoLeaf { .. }
            | Self::LeafTwice { .. }
            | Self::OutsideTree { .. }
            | Self::NoNodes { .. } => Kind::Domain,
            Self::System { .. } => Kind::System,
            _ => Kind::Encoding,
        }
    }

    /// What was being read.
    pub fn what(&self) -> &'static str {
        match self {
            Self::PartialElement { what, .. } | Self::Count { what, .. } | Self::NotCanonical { what, .. } => what,
            Self::Coordinate { .. } | Self::NotOnCurve { .. } | Self::NotInSubgroup { .. } | Self::Infinity { .. } => {
                "point"
            }
            Self::NoInverse { .. } => "scalar",
            Self::ZeroCoset => "coset",
            Self::Arity { .. } => "poseidon",
            Self::Matrix { .. } => "sparse matrix",
            Self::Program { .. } => "witness program",
            Self::NativeKey { .. } => "native key",
            Self::NotOne => "witness",
            Self::System { .. } => "file",
            Self::TransformLength { .. }
            | Self::Children { .. }
            | Self::TreeDepth { .. }
            | Self::TreeFull { .. }
            | Self::NoLeaf { .. }
            | Self::LeafTwice { .. }
            | Self::OutsideTree { .. }
            | Self::NoNodes { .. } => "domain",
        }
    }

    /// The element at fault, where there are several.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::NotCanonical { index, .. }
            | Self::Coordinate { index }
            | Self::NotOnCurve { index }
            | Self::NotInSubgroup { index }
            | Self::Infinity { index }
            | Self::NoInverse { index } => Some(*index),
            Self::Program { op, .. } => *op,
            _ => None,
        }
    }

    /// The size that does not exist, for errors of kind `Domain`.
    pub fn size(&self) -> usize {
        match self {
            Self::TransformLength { size } => *size,
            Self::Children { found } => *found,
            Self::TreeDepth { depth, .. } => *depth,
            Self::TreeFull { leaves, .. } => *leaves,
            Self::NoLeaf { index } | Self::LeafTwice { index } | Self::OutsideTree { index } => *index as usize,
            Self::NoNodes { count, .. } => *count,
            _ => 0,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PartialElement { what, size, found } => {
                write!(f, "{found} bytes are not a whole number of {size}-byte {what}s")
            }
            Self::Count { what, expected, found } => write!(f, "{found} {what}s where {expected} are needed"),
            Self::NotCanonical { what, index } => write!(f, "{what} {index} is not below the modulus"),
            Self::Coordinate { index } => write!(f, "point {index} has a coordinate that is not below q"),
            Self::NotOnCurve { index } => write!(f, "point {index} is not on the curve"),
            Self::NotInSubgroup { index } => write!(f, "point {index} is outside the subgroup of order r"),
            Self::Infinity { index } => write!(f, "point {index} is at infinity"),
            Self::NoInverse { index } => write!(f, "scalar {index} is zero and has no inverse"),
            Self::ZeroCoset => write!(f, "a coset cannot be shifted by zero"),
            Self::Arity { found } => write!(f, "Poseidon takes 1 to 16 inputs, not {found}"),
            Self::Matrix { reason } => write!(f, "sparse matrix: {reason}"),
            Self::NativeKey { reason } => write!(f, "native key: {reason}"),
            Self::NotOne => write!(f, "the first wire is not the constant 1"),
            Self::System { kind, .. } => write!(f, "{kind}"),
            Self::Program { reason, op: None } => write!(f, "witness program: {reason}"),
            Self::Program { reason, op: Some(op) } => write!(f, "witness program: operation {op}: {reason}"),
            Self::TransformLength { size } => {
                write!(f, "a transform's length is a power of two the field has a root for, not {size}")
            }
            Self::Children { found } => write!(f, "a node has 2 to 16 children, not {found}"),
            Self::TreeDepth { depth, most } => write!(f, "a tree is 0 to {most} levels deep, not {depth}"),
            Self::NoLeaf { index } => write!(f, "leaf {index} is neither in the tree nor the next one"),
            Self::LeafTwice { index } => write!(f, "leaf {index} comes twice in one change"),
            Self::OutsideTree { index } => write!(f, "leaf {index} lies outside the tree"),
            Self::NoNodes { level, start, count } => {
                write!(f, "level {level} of the tree has no {count} nodes from {start} on")
            }
            Self::TreeFull { leaves, depth } => write!(f, "{leaves} leaves do not fit a tree of depth {depth}"),
        }
    }
}

impl std::error::Error for Error {}
