import gradio as gr

from studio.presets import PRESETS

with gr.Blocks() as demo:
    preset = gr.Dropdown([p.title for p in PRESETS], label="Preset")
    refine = gr.Dropdown(
        label="Prompt helper (model)",
        choices=["gpt-4o-mini", "gemini-1.5-flash", "none"],
        value="gemini-1.5-flash",
    )
    theme = gr.Textbox("ParityError/Anime")
