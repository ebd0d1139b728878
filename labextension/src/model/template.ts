/** What a new run begins with: complete, and small enough to end within a minute. */
export const TEMPLATE = `# A small network that learns to read handwritten digits.
# Start it as it is, or change it: the marks at the left say what is wrong as you type.

name: digits-cnn            # several runs may share a name
framework: pytorch          # or tensorflow, jax
model: cnn                  # or {type: mlp, hidden: [64], dropout: 0.2}
data: digits                # 1,797 grey pictures of 8 × 8; others: wine, breast_cancer, diabetes

epochs: 20
batch_size: 32
learning_rate: 1.0e-3
optimizer: {type: adamw, weight_decay: 1.0e-2}

metrics: [accuracy, f1]
validation: {split: 0.2}    # or false, to train on everything
monitor: val_accuracy       # decides which checkpoint is the best
# early_stopping: {patience: 5}

checkpoint:
  every_epochs: 1
  keep: 3                   # the newest ones; the best stays as well
seed: 0                     # everything random derives from it
`;
