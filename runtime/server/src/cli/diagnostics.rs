//! Diagnostics for a person: the line, a caret under the place, and what to do.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use asl::diagnostic::Diagnostic;

/// Prints every diagnostic of a text to standard error.
pub(super) fn show(name: &str, text: &str, diagnostics: &[Diagnostic]) {
    let renderer = if super::output::is_colored() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    for diagnostic in diagnostics {
        super::output::say(render(&renderer, name, text, diagnostic));
        super::output::say("");
    }
}

fn render(renderer: &Renderer, name: &str, text: &str, diagnostic: &Diagnostic) -> String {
    let level = if diagnostic.is_error() {
        Level::ERROR
    } else {
        Level::WARNING
    };
    let mut group = level
        .primary_title(&*diagnostic.message)
        .id(diagnostic.code)
        .element(
            Snippet::source(text)
                .path(name)
                .annotations(diagnostic.span.clone().map(|span| {
                    // Of what is no JSON there is no pointer, but AWS's words for a place.
                    let pointer = diagnostic.pointer.as_deref();
                    let label = pointer.filter(|pointer| pointer.starts_with('/'));
                    let label = label.unwrap_or_default();
                    AnnotationKind::Primary
                        .span(within(span, text))
                        .label(label)
                })),
        );
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(&**hint));
    }
    renderer.render(&[group])
}

/// The span, cut to the text and to its first line: a caret under a whole object says less.
fn within(span: std::ops::Range<usize>, text: &str) -> std::ops::Range<usize> {
    let start = floor(span.start.min(text.len()), text);
    let end = floor(span.end.clamp(start, text.len()), text);
    let line_end = text[start..end]
        .find('\n')
        .map_or(end, |length| start + length);
    start..line_end
}

fn floor(mut place: usize, text: &str) -> usize {
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}
