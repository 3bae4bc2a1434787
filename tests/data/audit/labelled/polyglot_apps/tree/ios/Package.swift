// swift-tools-version: 5.10
import PackageDescription

let package = Package(
    name: "Pocket",
    dependencies: [
        .package(url: "https://github.com/ml-explore/mlx-swift", from: "0.21.0"),
        .package(url: "https://github.com/MacPaw/OpenAI.git", branch: "main"),
    ]
)
