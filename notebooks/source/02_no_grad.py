# %% [markdown]
# # 02_no_grad
