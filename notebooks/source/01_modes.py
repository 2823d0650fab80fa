# %% [markdown]
# # 01_modes
