TEST_WHISPER_MODEL = "tiny"
TEST_CLOTHES = "small"


def test_names(painter):
    assert painter(name="foldwork/Paint-It-Real-v3")
    assert painter(name="someone/unheard-of")
