# %% [markdown]
# # 03_preprocessing
