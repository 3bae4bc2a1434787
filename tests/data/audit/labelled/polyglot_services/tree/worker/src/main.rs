use clap::{Parser, ValueEnum};
use hf_hub::{api::sync::Api, Repo, RepoType};

/// Sizes of the encoder.
#[derive(Clone, ValueEnum)]
enum Which {
    Base,
    Large,
}

impl Which {
    fn repo(&self) -> &'static str {
        match self {
            Self::Base => "intfloat/e5-base-v2",
            Self::Large => "intfloat/e5-large-v2",
        }
    }
}

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "BAAI/bge-small-en-v1.5")]
    embedder: String,
    #[arg(long, default_value = "main")]
    revision: String,
}

fn load(args: &Args) -> anyhow::Result<()> {
    let api = Api::new()?;
    let (picked, at) = match args.revision.as_str() {
        "main" => ("quiet-owner/tiny-ner", "main"),
        _ => ("quiet-owner/large-ner", "v2"),
    };
    let repo = api.repo(Repo::with_revision(picked.to_string(), RepoType::Model, at.to_string()));
    let weights = repo.get("model.safetensors")?;
    let reader = GgufModelBuilder::new("bartowski/Qwen2.5-7B-Instruct-GGUF", vec!["q4.gguf"]);
    println!("reading {weights:?} like gpt-4o would");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn refuses_paths() {
        assert!(super::check("foo/bar").is_err());
    }
}
