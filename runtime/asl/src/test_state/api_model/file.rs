//! The file of output shapes: `models/generate.py` makes it and describes its layout.

static FILE: &[u8] = include_bytes!("../../../models/output_shapes.bin");

/// The text of one service, in bytes, at most. Ours: four times the largest of them.
const SERVICE_BYTES_MAX: usize = 2 * 1_048_576;

/// One service's shapes.
pub(super) struct Service {
    text: String,
}

/// A shape, by its number in its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShapeId(usize);

/// How many a value has, of characters or of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) min: usize,
    pub(super) max: usize,
}

/// What a value may be.
#[derive(Debug)]
pub(super) enum Shape<'s> {
    Structure(Vec<Member<'s>>),
    List(ShapeId, Bounds),
    /// By the shape of its values.
    Map(ShapeId),
    /// With the values it may have, if they are few.
    Text(Bounds, Vec<&'s str>),
    /// Base64 in a string.
    Blob(Bounds),
    Timestamp,
    Number,
    Boolean,
    Anything,
}

/// A field of a structure.
#[derive(Debug)]
pub(super) struct Member<'s> {
    pub(super) name: &'s str,
    pub(super) is_required: bool,
    pub(super) shape: ShapeId,
}

impl Service {
    /// The shapes of this service, if there is one.
    pub(super) fn find(name: &str) -> Option<Self> {
        let end = FILE.windows(2).position(|pair| pair == b"\n\n")?;
        let index = std::str::from_utf8(&FILE[..end]).ok()?;
        let numbers = index.lines().find_map(|line| {
            let (service, numbers) = line.split_once(' ')?;
            (service == name).then_some(numbers)
        })?;
        let mut numbers = numbers.split(' ').filter_map(|number| number.parse().ok());
        let (offset, length): (usize, usize) = (numbers.next()?, numbers.next()?);
        let begin = end + 2 + offset;
        let packed = FILE.get(begin..begin + length)?;
        let unpack = miniz_oxide::inflate::decompress_to_vec_with_limit;
        let text = unpack(packed, SERVICE_BYTES_MAX).ok()?;
        String::from_utf8(text).ok().map(|text| Self { text })
    }

    /// The output of this action, if it has one.
    pub(super) fn output(&self, action: &str) -> Option<ShapeId> {
        let (actions, _) = self.text.split_once("\n\n")?;
        actions.lines().find_map(|line| {
            let (name, shape) = line.split_once('\t')?;
            (name == action).then(|| shape_id(shape))?
        })
    }

    /// All shapes; a [`ShapeId`] is a place in here.
    pub(super) fn shapes(&self) -> Vec<&str> {
        let shapes = self
            .text
            .split_once("\n\n")
            .map_or("", |(_, shapes)| shapes);
        shapes.lines().collect()
    }
}

impl ShapeId {
    /// What it stands for. A number that the file does not have fits anything.
    pub(super) fn shape<'s>(self, shapes: &[&'s str]) -> Shape<'s> {
        let mut fields = shapes.get(self.0).copied().unwrap_or("d").split('\t');
        let kind = fields.next().unwrap_or_default();
        match kind {
            "S" => Shape::Structure(fields.filter_map(member).collect()),
            "L" => match fields.next().and_then(shape_id) {
                Some(element) => Shape::List(element, bounds(&mut fields)),
                None => Shape::Anything,
            },
            "M" => match fields.next().and_then(shape_id) {
                Some(value) => Shape::Map(value),
                None => Shape::Anything,
            },
            "s" => Shape::Text(bounds(&mut fields), fields.collect()),
            "b" => Shape::Blob(bounds(&mut fields)),
            "z" => Shape::Timestamp,
            "n" => Shape::Number,
            "t" => Shape::Boolean,
            _ => Shape::Anything,
        }
    }
}

fn shape_id(number: &str) -> Option<ShapeId> {
    number.parse().ok().map(ShapeId)
}

fn member(field: &str) -> Option<Member<'_>> {
    let at = field.find(['!', '='])?;
    Some(Member {
        name: &field[..at],
        is_required: field[at..].starts_with('!'),
        shape: shape_id(&field[at + 1..])?,
    })
}

fn bounds<'s>(fields: &mut impl Iterator<Item = &'s str>) -> Bounds {
    let mut bound = || fields.next().and_then(|number| number.parse().ok());
    Bounds {
        min: bound().unwrap_or(0),
        max: bound().unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every service of the file can be unpacked, and every shape in it read.
    #[test]
    fn the_file_is_sound() {
        let end = FILE.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let index = std::str::from_utf8(&FILE[..end]).unwrap();
        for line in index.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let service = Service::find(fields[0]).expect(line);
            assert_eq!(service.text.len().to_string(), fields[3], "{line}");
            let shapes = service.shapes();
            for number in 0..shapes.len() {
                let known = match ShapeId(number).shape(&shapes) {
                    Shape::Anything => shapes[number] == "d",
                    Shape::Structure(members) => members.iter().all(|m| m.shape.0 < shapes.len()),
                    Shape::List(inner, _) | Shape::Map(inner) => inner.0 < shapes.len(),
                    _ => true,
                };
                assert!(known, "{}: {}", fields[0], shapes[number]);
            }
        }
        assert!(index.lines().count() > 400);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert!(Service::find("nothing").is_none());
        assert!(Service::find("kms").unwrap().output("nothing").is_none());
    }
}
