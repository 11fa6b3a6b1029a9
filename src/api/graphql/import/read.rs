//! SDL → tables and their fields. Names are resolved when all of it was read, so that order does not count; all faults are told at
//! once, each with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use apollo_compiler::ast::{
    Definition, Directive, Document as Sdl, FieldDefinition, ObjectTypeDefinition, Type, UnionTypeDefinition, Value,
};
use apollo_compiler::parser::{LineColumn, Parser};
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;

use crate::name::closest;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// The tables of a document, in its order, by the names of their types.
#[derive(Debug, Default)]
pub struct Model {
    /// The tables.
    pub entities: IndexMap<String, Entity>,
}

impl Model {
    /// The type whose name is most like this one.
    pub fn closest(&self, name: &str) -> Option<&str> {
        closest(name, self.entities.keys().map(String::as_str))
    }
}

/// A table.
#[derive(Debug, PartialEq)]
pub struct Entity {
    /// Its name: the type's in lower case.
    pub table: String,
    /// Its fields.
    pub fields: IndexMap<String, Field>,
}

/// A field of a table.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// What it holds.
    pub holds: Holds,
    /// NULL is not allowed.
    pub required: bool,
    /// No two rows have the same.
    pub unique: bool,
    /// It has an index.
    pub indexed: bool,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Holds {
    /// A value of this scalar; of an enum it is `String`.
    Scalar(String),
    /// A list of values, as a JSON document.
    List,
    /// The value of another table's field, by type and field.
    Key(String, String),
    /// Rows of another table, through a junction.
    Many(String),
    /// A JSON document.
    Document(Document),
}

/// What is known of the documents of a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Keys: path, type and field.
    pub keys: Vec<(String, String, String)>,
    /// Other values: path and scalar.
    pub values: Vec<(String, String)>,
}

/// Scalars that need no definition.
pub const SCALARS: [&str; 29] = [
    "ID",
    "UID",
    "String",
    "Boolean",
    "Int",
    "Float",
    "I8",
    "U8",
    "I16",
    "U16",
    "I32",
    "U32",
    "I64",
    "U64",
    "I128",
    "U128",
    "Json",
    "Bytes",
    "Bytes4",
    "Bytes8",
    "Bytes32",
    "Bytes64",
    "Address",
    "AssetId",
    "ContractId",
    "Identity",
    "BigInt",
    "Decimal",
    "DateTime",
];

/// Reads a document.
///
/// # Errors
/// All that is wrong with it, in its order.
pub fn read(text: &str, path: &str) -> Result<Model, Vec<Fault>> {
    let document = match Parser::new().parse_ast(text, path) {
        Ok(document) => document,
        Err(faults) => {
            let fault = |error: apollo_compiler::response::GraphQLError| {
                let place = error.locations.first().copied().unwrap_or(LineColumn { line: 1, column: 1 });
                Fault { line: place.line, column: place.column, message: error.message }
            };
            return Err(faults.errors.iter().map(|error| fault(error.to_json())).collect());
        }
    };
    let mut reader = Reader::new(&document);
    let model = reader.model();
    reader.faults.sort();
    reader.faults.dedup();
    if reader.faults.is_empty() { Ok(model) } else { Err(reader.faults) }
}

struct Reader<'d> {
    document: &'d Sdl,
    objects: BTreeMap<&'d str, &'d Node<ObjectTypeDefinition>>,
    entities: Vec<&'d str>,
    scalars: BTreeSet<&'d str>,
    enums: BTreeSet<&'d str>,
    unions: BTreeMap<&'d str, &'d Node<UnionTypeDefinition>>,
    faults: Vec<Fault>,
}

fn directive<'d>(directives: &'d [Node<Directive>], name: &str) -> Option<&'d Node<Directive>> {
    directives.iter().find(|directive| directive.name == name)
}

fn is_virtual(object: &ObjectTypeDefinition) -> bool {
    let says = |directive: &Node<Directive>| {
        directive.arguments.iter().any(|argument| argument.name == "virtual" && *argument.value == Value::Boolean(true))
    };
    object.directives.iter().any(says) || directive(&object.directives, "virtual").is_some()
}

impl<'d> Reader<'d> {
    fn new(document: &'d Sdl) -> Self {
        let mut reader = Self {
            document,
            objects: BTreeMap::new(),
            entities: Vec::new(),
            scalars: SCALARS.into_iter().collect(),
            enums: BTreeSet::new(),
            unions: BTreeMap::new(),
            faults: Vec::new(),
        };
        for definition in &document.definitions {
            match definition {
                Definition::ObjectTypeDefinition(object) => {
                    if let Some(known) = reader.objects.insert(&object.name, object) {
                        let message = format!("type `{}` is defined twice", known.name);
                        reader.fault(object.name.line_column_range(&document.sources), message);
                    }
                }
                Definition::ScalarTypeDefinition(scalar) => drop(reader.scalars.insert(&scalar.name)),
                Definition::EnumTypeDefinition(of) => drop(reader.enums.insert(&of.name)),
                Definition::UnionTypeDefinition(of) => {
                    reader.unions.insert(&of.name, of);
                }
                Definition::InterfaceTypeDefinition(of) => {
                    let message = format!("interface `{}` makes no table", of.name);
                    reader.fault(of.name.line_column_range(&document.sources), message);
                }
                Definition::InputObjectTypeDefinition(of) => {
                    let message = format!("input `{}` makes no table", of.name);
                    reader.fault(of.name.line_column_range(&document.sources), message);
                }
                Definition::ObjectTypeExtension(of) => {
                    let message = format!("`extend type {}` is not read; write its fields in the type", of.name);
                    reader.fault(of.name.line_column_range(&document.sources), message);
                }
                _ => {}
            }
        }
        // Where no type says that it is a table, each one is.
        let roots = ["Query", "Mutation", "Subscription"];
        let objects = document.definitions.iter().filter_map(|definition| match definition {
            Definition::ObjectTypeDefinition(object) => Some(object),
            _ => None,
        });
        let said: Vec<&Node<ObjectTypeDefinition>> =
            objects.clone().filter(|object| directive(&object.directives, "entity").is_some()).collect();
        let taken: Vec<&Node<ObjectTypeDefinition>> = match said.is_empty() {
            true => objects.filter(|object| !roots.contains(&object.name.as_str())).collect(),
            false => said,
        };
        reader.entities =
            taken.into_iter().filter(|object| !is_virtual(object)).map(|object| object.name.as_str()).collect();
        reader
    }

    fn fault(&mut self, place: Option<Range<LineColumn>>, message: String) {
        let place = place.map_or(LineColumn { line: 1, column: 1 }, |range| range.start);
        self.faults.push(Fault { line: place.line, column: place.column, message });
    }

    fn at(&mut self, name: &Name, message: String) {
        self.fault(name.line_column_range(&self.document.sources), message);
    }

    fn model(&mut self) -> Model {
        let mut model = Model::default();
        let mut tables: BTreeMap<String, &'d str> = BTreeMap::new();
        for name in self.entities.clone() {
            let object = self.objects[name];
            let table = name.to_lowercase();
            if let Some(other) = tables.insert(table.clone(), name).filter(|other| *other != name) {
                let message = format!("types `{other}` and `{name}` make the same table `{table}`");
                self.at(&object.name, message);
            }
            let mut fields: IndexMap<String, Field> = IndexMap::new();
            for field in &object.fields {
                let read = self.field(object, field);
                if fields.insert(field.name.to_string(), read).is_some() {
                    self.at(&field.name, format!("field `{}` of `{name}` is defined twice", field.name));
                }
            }
            model.entities.insert(name.to_owned(), Entity { table, fields });
        }
        self.add_unions(&mut model, &mut tables);
        model
    }

    fn field(&mut self, object: &Node<ObjectTypeDefinition>, field: &'d Node<FieldDefinition>) -> Field {
        let (of, ty) = (&object.name, field.ty.inner_named_type().as_str());
        let place = format!("`{}` of `{of}`", field.name);
        let unique = directive(&field.directives, "unique").is_some();
        let indexed = directive(&field.directives, "indexed").is_some();
        if let Type::List(inner) | Type::NonNullList(inner) = &field.ty
            && inner.is_list()
        {
            self.at(&field.name, format!("{place} is a list of lists, which no table holds"));
        }
        if field.name == "id" && field.ty.to_string() != "ID!" {
            self.at(&field.name, format!("{place} is the primary key, and must be of type `ID!`, not `{}`", field.ty));
        }
        let holds = if self.is_table(ty) {
            let target = self.join(field).unwrap_or_else(|| "id".to_owned());
            self.target(field, ty, &target);
            match field.ty.is_list() {
                true => {
                    if target != "id" {
                        let message = format!("{place} is a list, and lists refer to `id` alone, not to `{target}`");
                        self.at(&field.name, message);
                    }
                    Holds::Many(ty.to_owned())
                }
                false => Holds::Key(ty.to_owned(), target),
            }
        } else if let Some(inner) = self.objects.get(ty).copied() {
            if !is_virtual(inner) && directive(&inner.directives, "entity").is_none() {
                let message =
                    format!("{place} is of type `{ty}`, which is no `@entity`; mark it, or `@entity(virtual: true)`");
                self.at(&field.name, message);
            }
            let mut held = Document::default();
            let start = if field.ty.is_list() { "[]" } else { "" };
            self.document(inner, start, &mut vec![ty], &mut held);
            Holds::Document(held)
        } else if let Some(of) = self.unions.get(ty).copied() {
            // All of its members are kept within documents.
            let mut held = Document::default();
            let start = if field.ty.is_list() { "[]" } else { "" };
            for member in &of.members {
                if let Some(inner) = self.objects.get(member.as_str()).copied() {
                    self.document(inner, start, &mut vec![ty, inner.name.as_str()], &mut held);
                }
            }
            Holds::Document(held)
        } else if self.scalars.contains(ty) || self.enums.contains(ty) {
            let scalar = if self.enums.contains(ty) { "String" } else { ty };
            if field.ty.is_list() { Holds::List } else { Holds::Scalar(scalar.to_owned()) }
        } else {
            let known: Vec<&str> = self.objects.keys().chain(&self.scalars).chain(&self.enums).copied().collect();
            let close = closest(ty, known).map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
            self.at(&field.name, format!("{place} is of type `{ty}`, which is not defined{close}"));
            Holds::Scalar("String".to_owned())
        };
        if let Some(join) = directive(&field.directives, "join")
            && !matches!(holds, Holds::Key(..) | Holds::Many(_))
        {
            let range = join.line_column_range(&self.document.sources);
            self.fault(range, format!("`@join` at {place}, which refers to no table"));
        }
        Field { holds, required: field.ty.is_non_null(), unique, indexed }
    }

    /// Whether a type's rows are those of a table.
    fn is_table(&self, ty: &str) -> bool {
        let of_table = |member: &Name| self.entities.contains(&member.as_str());
        self.entities.contains(&ty) || self.unions.get(ty).is_some_and(|of| of.members.iter().all(of_table))
    }

    /// A union of tables is one more table, with all fields of its members, which need no value there; lists of the members are
    /// the union's.
    fn add_unions(&mut self, model: &mut Model, tables: &mut BTreeMap<String, &'d str>) {
        let mut made = Vec::new();
        for (name, of) in self.unions.clone() {
            let known: Vec<&Name> =
                of.members.iter().filter(|member| self.objects.contains_key(member.as_str())).collect();
            for member in of.members.iter().filter(|member| !known.contains(member)) {
                self.at(member, format!("`{member}` of union `{name}` is not defined"));
            }
            let in_tables = known.iter().filter(|member| self.entities.contains(&member.as_str())).count();
            if in_tables < known.len() {
                if in_tables > 0 {
                    self.at(&of.name, format!("union `{name}` has members with tables, and members within documents"));
                }
                continue;
            }
            let table = name.to_lowercase();
            if let Some(other) = tables.insert(table.clone(), name) {
                self.at(&of.name, format!("types `{other}` and `{name}` make the same table `{table}`"));
            }
            let mut fields: IndexMap<String, Field> = IndexMap::new();
            for member in known {
                let Some(entity) = model.entities.get(member.as_str()) else { continue };
                let mut clashing = Vec::new();
                for (field, read) in &entity.fields {
                    match fields.get(field) {
                        Some(other) if other.holds != read.holds => clashing.push(field.clone()),
                        Some(_) => {}
                        None => {
                            let holds = read.holds.clone();
                            let read = Field { holds, required: field == "id", unique: false, indexed: read.indexed };
                            fields.insert(field.clone(), read);
                        }
                    }
                }
                for field in clashing {
                    let message =
                        format!("`{field}` has another type in `{member}` than in other members of union `{name}`");
                    self.at(member, message);
                }
            }
            made.push((name, Entity { table, fields }));
        }
        // A type may be in several unions, each of which has its lists.
        for member in made.iter().flat_map(|(name, _)| &self.unions[name].members) {
            if let Some(entity) = model.entities.get_mut(member.as_str()) {
                entity.fields.retain(|_, field| !matches!(field.holds, Holds::Many(_)));
            }
        }
        model.entities.extend(made.into_iter().map(|(name, entity)| (name.to_owned(), entity)));
    }

    /// The field that `@join(on: field)` names; quotes around it are passed over.
    fn join(&mut self, field: &Node<FieldDefinition>) -> Option<String> {
        let join = directive(&field.directives, "join")?;
        match join.arguments.last().map(|argument| &*argument.value) {
            Some(Value::Enum(name)) => Some(name.to_string()),
            Some(Value::String(name)) => Some(name.clone()),
            _ => {
                let range = join.line_column_range(&self.document.sources);
                self.fault(range, format!("`@join` at `{}` names no field, as in `@join(on: name)`", field.name));
                None
            }
        }
    }

    /// What is referred to must be there, be a plain value, and be unique.
    fn target(&mut self, field: &Node<FieldDefinition>, ty: &str, target: &str) {
        let Some(object) = self.objects.get(ty).copied() else {
            // The table of a union is known by its rows' keys alone.
            if target != "id" {
                let message =
                    format!("`{}` refers to union `{ty}` by `{target}`; unions are referred to by `id`", field.name);
                self.at(&field.name, message);
            }
            return;
        };
        let Some(found) = object.fields.iter().find(|field| field.name == target) else {
            let close = closest(target, object.fields.iter().map(|field| field.name.as_str()));
            let close = close.map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
            self.at(&field.name, format!("`{}` refers to `{ty}.{target}`, which is not there{close}", field.name));
            return;
        };
        let inner = found.ty.inner_named_type().as_str();
        if found.ty.is_list() || !(self.scalars.contains(inner) || self.enums.contains(inner)) {
            self.at(&field.name, format!("`{}` refers to `{ty}.{target}`, which is no plain value", field.name));
        } else if target != "id" && directive(&found.directives, "unique").is_none() {
            let message = format!("`{}` refers to `{ty}.{target}`, which is not `@unique`", field.name);
            self.at(&field.name, message);
        }
    }

    /// The keys within a document.
    fn document(
        &mut self,
        object: &'d Node<ObjectTypeDefinition>,
        path: &str,
        within: &mut Vec<&'d str>,
        held: &mut Document,
    ) {
        for field in &object.fields {
            if field.name == "id" && field.ty.to_string() == "ID!" {
                let message = format!("`{}` is kept within documents, and has no `id: ID!` of its own", object.name);
                self.at(&field.name, message);
            }
            let ty = field.ty.inner_named_type().as_str();
            let path = format!("{path}.{}{}", field.name, "[]".repeat(lists(&field.ty)));
            if self.is_table(ty) {
                let target = self.join(field).unwrap_or_else(|| "id".to_owned());
                self.target(field, ty, &target);
                let key = (path, ty.to_owned(), target);
                if !held.keys.contains(&key) {
                    held.keys.push(key);
                }
            } else if let Some(inner) = self.objects.get(ty).copied() {
                if within.contains(&ty) {
                    self.at(&field.name, format!("`{}` of `{}` holds itself", field.name, object.name));
                    continue;
                }
                within.push(inner.name.as_str());
                self.document(inner, &path, within, held);
                within.pop();
            } else if (self.scalars.contains(ty) || self.enums.contains(ty))
                && held.values.iter().all(|(known, _)| *known != path)
            {
                let scalar = if self.enums.contains(ty) { "String" } else { ty };
                held.values.push((path, scalar.to_owned()));
            }
        }
    }
}

/// How many lists stand around a type.
fn lists(ty: &Type) -> usize {
    match ty {
        Type::List(inner) | Type::NonNullList(inner) => 1 + lists(inner),
        Type::Named(_) | Type::NonNullNamed(_) => 0,
    }
}
