dependencies {
    implementation("com.aallam.openai:openai-client:4.0.1")
    // implementation("com.anthropic:anthropic-java:1.0.0")
    implementation("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.9.0")
}
