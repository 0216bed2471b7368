//! T10 of the content's tests: every page of the bookstore on the screen, at both sizes that are promised.

use std::collections::BTreeMap;

use multi_region_workshop::app::*;
use multi_region_workshop::content::{self, Bindings, Source};
use multi_region_workshop::domain::RegionPair;
use multi_region_workshop::engine::page::page;
use multi_region_workshop::tui::{Palette, Theme};

use super::sample::{send, setup};
use super::screens::frame;

const PLAIN: Theme = Theme { palette: Palette::Mono, ascii: false };
/// Higher than any page is long.
const TALL: u16 = 600;

#[test]
fn every_page_shows_its_title_its_goal_and_its_commands_in_full() {
    let workshop = content::load(&Source::default()).unwrap();
    let regions = RegionPair::new(&workshop.regions.0, &workshop.regions.1).unwrap();
    let given = BTreeMap::from([("suffix".to_owned(), "k3x9qa".to_owned())]);
    let bindings = Bindings::new(&workshop, &regions, &given).unwrap();
    let mut pages = 0;
    for (module, step) in workshop.modules.iter().flat_map(|module| module.steps.iter().map(move |step| (module, step)))
    {
        let shown = page(&workshop, step, &bindings, &regions, true);
        let commands: Vec<String> = shown.visible().flat_map(|action| action.commands.clone()).collect();
        for (width, height) in [(80, 24), (120, 40)] {
            let mut setup = setup((width, height));
            setup.modules = outline(&workshop);
            setup.position = Some((module.id.clone(), step.id.clone()));
            let (mut model, _) = Model::new(setup);
            send(&mut model, Msg::Page(Box::new(shown.clone())));
            let screen = frame(&model, PLAIN, (width, height));
            let named = step.title.chars().take(30).collect::<String>();
            let named = named.split("{{").next().unwrap().to_owned();
            assert!(screen.contains(&named), "{} at {width}x{height}:\n{screen}", step.id);
            assert!(screen.lines().last().unwrap().contains("?  help"), "{} at {width}x{height}:\n{screen}", step.id);
            let whole = frame(&model, PLAIN, (width, TALL));
            for word in commands.iter().chain([&shown.goal]).flat_map(|text| text.split_whitespace()) {
                let word = word.trim_matches(['\'', '"', '`']);
                assert!(whole.contains(word), "{} at {width} columns lacks {word}:\n{whole}", step.id);
            }
        }
        pages += 1;
    }
    assert_eq!(pages, workshop.modules.iter().map(|module| module.steps.len()).sum::<usize>());
}
