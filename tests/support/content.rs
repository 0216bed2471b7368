//! A small workshop in a folder of its own, good until a test spoils it.

use multi_region_workshop::content::{self, Diagnostic, Source};

/// Its workshop.yaml.
const WORKSHOP: &str = r#"format: 1
id: tiny
title: Tiny
objectives: { rto: 15m, rpo: 15m }
regions:
  primary: { default: eu-west-1 }
  secondary: { default: ap-southeast-1, differs_from: primary }
vars:
  suffix: { random: 6, persist: true }
names:
  bucket: "tiny-{{ vars.suffix }}"
effects:
  read: { sandbox: auto, aws: auto }
  create: { sandbox: auto, aws: ask }
  update: { sandbox: auto, aws: ask }
  delete: { sandbox: ask, aws: type_name }
  fault: { sandbox: ask, aws: type_name }
modules: [m1]
"#;

/// Its module.yaml.
const MODULE: &str = "format: 1
id: m1
title: One
needs: []
gives: [m1.bucket]
time: { p50: 5m, p95: 10m }
";

/// Its only step.
const STEP: &str = r##"---
id: bucket
title: Make a bucket
kind: do
gives: [m1.bucket]
goal: "A bucket in {{ region.primary }}."
checks:
  - id: there
    title: Bucket {{ names.bucket }}
    read: aws s3api get-bucket-location --bucket {{ names.bucket }} --region {{ region.primary }}
    expect:
      - { path: LocationConstraint, eq: "{{ region.primary }}" }
    fail:
      - { when: not_found, say: "There is no bucket {{ names.bucket }}.", fix: "#create" }
hints:
  - { show: "#create" }
outputs:
  place:
    read: aws s3api get-bucket-location --bucket {{ names.bucket }} --region {{ region.primary }}
    path: LocationConstraint
---

# Make a bucket

```bash {#create region=primary effect=create undo=#delete}
$ aws s3api create-bucket --bucket {{ names.bucket }} \
    --region {{ region.primary }}
```

```bash {#delete region=primary effect=delete hidden}
$ aws s3api delete-bucket --bucket {{ names.bucket }} \
    --region {{ region.primary }}
```
"##;

/// The test of its only cause.
const TEST: &str = "format: 1
given: [solve m1]
do:
  - aws s3api delete-bucket --bucket {{ names.bucket }} --region {{ region.primary }}
expect: { check: m1.bucket/there, is: fail, cause: not_found }
";

/// The folder.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// The good workshop.yaml.
    pub const WORKSHOP: &str = WORKSHOP;
    /// The good module.yaml.
    pub const MODULE: &str = MODULE;
    /// The good step.
    pub const STEP: &str = STEP;

    /// The workshop without a mistake.
    pub fn good() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("workshop.yaml", WORKSHOP);
        folder.write("1-one/module.yaml", MODULE);
        folder.write("1-one/10-bucket.md", STEP);
        folder
    }

    /// The same, with a bucket that its Region takes: outside of us-east-1 it must say where it belongs.
    pub fn solvable() -> Self {
        let folder = Self::good();
        folder.write("1-one/tests/gone.yaml", TEST);
        let place = "names.bucket }} \\\n    --create-bucket-configuration LocationConstraint={{ region.primary }} \\\n    --region {{ region.primary }}\n```";
        folder.replace("1-one/10-bucket.md", "names.bucket }} \\\n    --region {{ region.primary }}\n```", place);
        folder
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces a text that is in a file.
    #[track_caller]
    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.0.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }

    /// The folder as a source.
    pub fn source(&self) -> Source {
        Source::Dir(self.0.path().to_path_buf())
    }

    /// What is wrong with it.
    pub fn found(&self) -> Vec<Diagnostic> {
        content::compile(&self.source()).diagnostics
    }
}
