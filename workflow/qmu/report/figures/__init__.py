"""One file per figure: ``draw(results)``; its title, caption and words for the blind stand in
``workflow/report/<name>.rst``."""
