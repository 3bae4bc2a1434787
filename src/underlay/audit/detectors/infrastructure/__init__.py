"""What files tie a project to: packages, images, machines, kernels, services, and how tightly."""
